import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Permission, SiteView } from 'sotto-wasm';
import { Origin } from '../approve/origin';
import { PERMISSIONS } from '../approve/question';
import { text } from '../browser/strings';
import { when } from '../format/time';
import { SearchIcon } from '../popup/icons';
import type { Sites } from './sites';

/** From so many sites on there is a field to look for one. */
const MANY = 4;

/** The sites that use the mixnet or did: what each may do, and how it is forgotten. */
export function SitesSection({ sites }: { sites: Sites }) {
  useEffect(() => void sites.look(), []);
  const all = sites.all.value;
  const found = sites.found.value;
  return (
    <>
      <p>{text('sitesHint')}</p>
      <p class="error" role="alert" data-testid="sites-error">
        {sites.asking.error.value?.message}
      </p>
      {(all?.length ?? 0) >= MANY ? <Search sites={sites} /> : null}
      <ul class="sites" aria-label={text('settingsSites')}>
        {found.map((site) => (
          <Site key={site.origin} site={site} sites={sites} />
        ))}
      </ul>
      <p class="muted" role="status" data-testid="no-sites">
        {all && found.length === 0 ? text(all.length === 0 ? 'sitesNone' : 'sitesNotFound') : null}
      </p>
    </>
  );
}

function Search({ sites }: { sites: Sites }) {
  return (
    <div class="search" role="search">
      <SearchIcon />
      <input
        type="text"
        role="searchbox"
        autocomplete="off"
        spellcheck={false}
        aria-label={text('sitesSearch')}
        placeholder={text('sitesSearch')}
        data-testid="sites-search"
        value={sites.wanted.value}
        onInput={({ currentTarget }) => (sites.wanted.value = currentTarget.value)}
      />
    </div>
  );
}

function Site({ site, sites }: { site: SiteView; sites: Sites }) {
  const asked = useSignal(false);
  const name = `site-${site.origin}`;
  return (
    <li class="site inset" data-testid="site" data-origin={site.origin}>
      <h3 id={name}>
        <Origin origin={site.origin} />
      </h3>
      <p class="muted site-state">
        {site.connected ? (
          <span class="site-connected" data-testid="site-connected">
            <span class="dot" aria-hidden="true" /> {text(site.tabs > 0 ? 'siteOpen' : 'siteSending')}
          </span>
        ) : (
          text('siteUsedAt', when(site.usedAt, Date.now()))
        )}
      </p>
      <Permissions site={site} sites={sites} />
      {asked.value ? (
        <Confirm site={site} sites={sites} onBack={() => (asked.value = false)} />
      ) : (
        <button
          type="button"
          class="link site-forget"
          aria-describedby={name}
          data-testid="forget-site"
          onClick={() => (asked.value = true)}
        >
          {text('siteForget')}
        </button>
      )}
    </li>
  );
}

function Permissions({ site, sites }: { site: SiteView; sites: Sites }) {
  return (
    <fieldset>
      <legend class="unseen">{text('siteMay', site.origin)}</legend>
      {(Object.keys(PERMISSIONS) as Permission[]).map((one) => (
        <label key={one} class="check">
          <input
            type="checkbox"
            data-testid={`site-${one}`}
            checked={site.permissions.includes(one)}
            onChange={({ currentTarget }) => void sites.allow(site, one, currentTarget.checked)}
          />
          <span>{text(PERMISSIONS[one][0])}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Says what is lost, and forgets the site. */
function Confirm({ site, sites, onBack }: { site: SiteView; sites: Sites; onBack: () => void }) {
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus(), []);
  const busy = sites.asking.busy.value;
  return (
    <div class="danger" data-testid="forget-site-confirm">
      <p>{text('siteForgetHint')}</p>
      <div class="buttons">
        <button
          type="button"
          class="destroy"
          disabled={busy}
          data-testid="forget-site-do"
          onClick={() => void sites.forget(site)}
        >
          {text('siteForget')}
        </button>
        <button type="button" class="secondary" ref={back} disabled={busy} onClick={onBack}>
          {text('cancel')}
        </button>
      </div>
    </div>
  );
}
