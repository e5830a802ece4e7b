import type { Settings } from 'sotto-wasm';
import { text, type StringName } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { Gate } from '../stage/gate';
import type { Situation } from '../stage/situation';
import type { Backup } from './backup';
import { BackupSection } from './backup-section';
import { DeleteSection } from './delete-section';
import type { Gateways } from './gateways';
import { LockSection } from './lock-section';
import { NetworkSection } from './network-section';
import type { Passphrase } from './passphrase';
import type { Preferences, Setting } from './preferences';
import { PrivacySection } from './privacy-section';
import { Section, Sections } from './section';
import type { Sites } from './sites';
import { SitesSection } from './sites-section';
import type { Place } from './place';

export interface Properties {
  situation: Situation;
  preferences: Preferences;
  gateways: Gateways;
  passphrase: Passphrase;
  backup: Backup;
  sites: Sites;
  place: Place;
  link: Pick<BackgroundLink, 'request'>;
}

/** The settings page. */
export function Page(properties: Properties) {
  const { situation, preferences, place, link } = properties;
  const settings = preferences.edited.value;
  return (
    <Gate stage={situation.stage.value} connection={situation.connection.value} link={link}>
      <header>
        <a class="back" href="../popup/popup.html">
          <span aria-hidden="true">←</span> {text('backToMessages')}
        </a>
        <h1>{text('settingsTitle')}</h1>
      </header>
      <main class="form settings">
        <Sections current={place.section.value} unsaved={preferences.unsaved.value} />
        <div class="section">
          {settings ? (
            <Section key={place.section.value} name={place.section.value} focus={place.wasChosen.value}>
              <Content {...properties} settings={settings} />
            </Section>
          ) : null}
          <SaveBar preferences={preferences} />
        </div>
      </main>
    </Gate>
  );
}

function Content(properties: Properties & { settings: Settings }) {
  const { situation, passphrase, backup, place, link } = properties;
  switch (place.section.value) {
    case 'network':
      return <NetworkSection {...properties} />;
    case 'lock': {
      const protection = situation.protection.value ?? 'device';
      return <LockSection {...properties} passphrase={passphrase} protection={protection} />;
    }
    case 'privacy':
      return <PrivacySection {...properties} />;
    case 'sites':
      return <SitesSection sites={properties.sites} />;
    case 'backup':
      return <BackupSection backup={backup} />;
    case 'delete':
      return <DeleteSection link={link} />;
  }
}

const NAMES: Record<Setting, StringName> = {
  directory: 'directoryTitle',
  traffic: 'trafficTitle',
  lockAfterMinutes: 'settingsLockAfter',
  receipts: 'settingsReceiptsName',
  notifications: 'settingsNotify',
  keepDays: 'settingsKeepName',
};

/** Says what is not saved yet, of all sections, and saves it. In view as long as there is something. */
function SaveBar({ preferences }: { preferences: Preferences }) {
  const changed = preferences.changed.value;
  const names = preferences.unsaved.value.map((setting) => text(NAMES[setting]));
  return (
    <footer class={changed ? 'unsaved' : preferences.saved.value ? '' : 'idle'} data-testid="save-bar">
      <p role="status" class="unsaved-words" data-testid="unsaved">
        {changed ? text('settingsUnsavedNames', names.join(', ')) : null}
      </p>
      <div class="buttons">
        <button
          type="button"
          class="primary"
          hidden={!changed}
          data-testid="save"
          onClick={() => void preferences.save()}
        >
          {text('save')}
        </button>
        <button type="button" class="secondary" hidden={!changed} onClick={() => preferences.discard()}>
          {text('settingsDiscard')}
        </button>
      </div>
      <span role="status" class="saved" data-testid="saved">
        {preferences.saved.value ? text('saved') : null}
      </span>
    </footer>
  );
}
