import { expect, test } from 'vitest';
import { strength } from './strength';

test.each([
  ['', 'short'],
  ['seven77', 'short'],
  ['🐢🐢🐢🐢', 'short'],
  ['password', 'weak'],
  ['Passwort123', 'weak'],
  ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'weak'],
  ['1234567890123456', 'weak'],
  ['qwertzuiopasdfghjkl', 'weak'],
  ['abcabcabcabcabcabc', 'weak'],
  ['Sommer2024!', 'weak'],
  ['Tr0ub4dor&3', 'weak'],
  ['turtle umbrella', 'fair'],
  ['correct horse battery staple', 'strong'],
  ['vier kleine nasse Steine', 'fair'],
  ['Fahrrad Nebel Zwiebel kaputt', 'strong'],
  ['четыре маленьких камня', 'strong'],
  ['kX9#vQ2$mL7!pR4&tZ8w', 'strong'],
])('%j is %s', (passphrase, expected) => {
  expect(strength(passphrase)).toBe(expected);
});
