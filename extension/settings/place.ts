import { signal } from '@preact/signals';
import { type SectionName, sectionOf } from './section';

/** The section in view: what follows the # of the address, so that links lead to it. */
export class Place {
  readonly section = signal<SectionName>(sectionOf(location.hash));
  /** Whether the user chose it, rather than coming to it with the page. */
  readonly wasChosen = signal(false);

  constructor() {
    addEventListener('hashchange', () => {
      this.wasChosen.value = true;
      this.section.value = sectionOf(location.hash);
    });
  }
}
