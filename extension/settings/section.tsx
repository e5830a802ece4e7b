import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { text, type StringName } from '../browser/strings';
import type { Setting } from './preferences';

/** The sections of the settings, in their order. */
export const SECTIONS = ['network', 'lock', 'privacy', 'sites', 'backup', 'delete'] as const;
export type SectionName = (typeof SECTIONS)[number];

const TITLES: Record<SectionName, StringName> = {
  network: 'settingsNetwork',
  lock: 'settingsLock',
  privacy: 'settingsPrivacy',
  sites: 'settingsSites',
  backup: 'settingsBackup',
  delete: 'settingsDelete',
};

/** Where each setting is. */
export const PLACES: Record<Setting, SectionName> = {
  directory: 'network',
  traffic: 'network',
  lockAfterMinutes: 'lock',
  receipts: 'privacy',
  notifications: 'privacy',
  keepDays: 'privacy',
};

/** The section that a part of an address after the # names; the first one if it names none. */
export function sectionOf(hash: string): SectionName {
  return SECTIONS.find((name) => `#${name}` === hash) ?? SECTIONS[0];
}

/** Leads to the sections, and marks those with something that is not saved. */
export function Sections({ current, unsaved }: { current: SectionName; unsaved: readonly Setting[] }) {
  return (
    <nav class="sections" aria-label={text('settingsSections')}>
      {SECTIONS.map((name) => (
        <a
          key={name}
          href={`#${name}`}
          aria-current={name === current ? 'page' : undefined}
          data-testid={`section-${name}`}
        >
          {text(TITLES[name])}
          {unsaved.some((setting) => PLACES[setting] === name) ? <Unsaved /> : null}
        </a>
      ))}
      <a href="../diagnostics/diagnostics.html">{text('diagnosticsTitle')}</a>
    </nav>
  );
}

function Unsaved() {
  return (
    <span class="unsaved-mark" data-testid="unsaved-mark">
      <span class="unseen">{text('settingsUnsaved')}</span>
    </span>
  );
}

interface Properties {
  name: SectionName;
  /** Whether the keyboard goes on at its heading: if the user has just chosen it. */
  focus: boolean;
  children: ComponentChildren;
}

/** A section under its heading. */
export function Section({ name, focus, children }: Properties) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (focus) heading.current?.focus();
  }, []);
  return (
    <section data-testid="section" data-name={name}>
      <h2 ref={heading} tabIndex={-1}>
        {text(TITLES[name])}
      </h2>
      {children}
    </section>
  );
}
