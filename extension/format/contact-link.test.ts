import { expect, test } from 'vitest';
import { BOB } from '../testing/scenarios';
import { contactLink, readContact } from './contact-link';

test.each(['', 'Bob', 'Zoë & Sons=?#', 'علي'])(
  'a link with the name %j leads back to the contact',
  (name) => {
    const contact = { address: BOB, name };
    expect(readContact(contactLink(contact))).toEqual(contact);
  },
);

test('an address is found as it is, and among other words', () => {
  const contact = { address: BOB, name: '' };
  expect(readContact(` ${BOB}\n`)).toEqual(contact);
  expect(readContact(`Write to me at <${BOB}>, please`)).toEqual(contact);
  expect(readContact(`Here: ${contactLink({ address: BOB, name: 'Bob' })} .`)?.name).toBe('Bob');
});

test.each(['', 'hello', BOB.slice(0, -30), 'sotto:contact?name=Bob', 'https://example.org/?address=x'])(
  '%j names nobody',
  (text) => expect(readContact(text)).toBeUndefined(),
);

test('a name that is too long is cut', () => {
  expect(readContact(contactLink({ address: BOB, name: 'x'.repeat(500) }))?.name).toHaveLength(100);
});
