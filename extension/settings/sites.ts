import { computed, signal } from '@preact/signals';
import type { Event, Permission, SiteView } from 'sotto-wasm';
import { has } from '../format/match';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';

type Link = Pick<BackgroundLink, 'request'>;

/** The sites that use the mixnet or did. What is changed here is in force at once. */
export class Sites {
  /** Null until the background has answered. */
  readonly all = signal<SiteView[] | null>(null);
  /** What is looked for in their names. */
  readonly wanted = signal('');
  readonly found = computed(() => {
    const [all, wanted] = [this.all.value ?? [], this.wanted.value];
    return wanted.trim() === '' ? all : all.filter(({ origin }) => has(origin, wanted));
  });
  readonly asking = new Asking();
  #shown = false;

  constructor(private readonly link: Link) {}

  /** An event of the background. */
  apply(event: Event): void {
    if (event.type === 'sites') this.all.value = event.sites;
    // A background that has just started does not know who wants to hear of sites.
    if (event.type === 'snapshot' && this.#shown) void this.look();
  }

  /** The sites are in view from now on. */
  async look(): Promise<void> {
    this.#shown = true;
    const reply = await this.link.request({ type: 'sites' }).catch(() => undefined);
    if (reply?.type === 'sites') this.all.value = reply.sites;
  }

  /** Allows a site something, or forbids it. */
  async allow(site: SiteView, permission: Permission, allowed: boolean): Promise<void> {
    const others = site.permissions.filter((one) => one !== permission);
    const permissions = allowed ? [...others, permission] : others;
    await this.#change(
      { ...site, permissions },
      { type: 'setSitePermissions', origin: site.origin, permissions },
    );
  }

  /** Forgets a site. Whether that is done. */
  async forget({ origin }: SiteView): Promise<boolean> {
    const reply = await this.asking.run(() => this.link.request({ type: 'forgetSite', origin }));
    if (reply) this.all.value = (this.all.value ?? []).filter((site) => site.origin !== origin);
    return reply !== undefined;
  }

  async #change(changed: SiteView, request: Parameters<Link['request']>[0]): Promise<void> {
    const reply = await this.asking.run(() => this.link.request(request));
    // Also if it was refused, as the box shows what is clicked until it is told what is.
    const site = (one: SiteView) => (one.origin !== changed.origin ? one : reply ? changed : { ...one });
    this.all.value = (this.all.value ?? []).map(site);
  }
}
