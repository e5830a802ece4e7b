import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { text, type StringName } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { Mark } from '../popup/icons';
import { RestoreForm } from '../recovery/restore-form';
import { Gate } from '../stage/gate';
import type { Situation } from '../stage/situation';
import { About, Kind } from './about';
import { Connect } from './connect';
import type { Connecting } from './connecting';
import { NetworkStep } from './network-step';
import { PassphraseStep } from './passphrase-step';
import type { Place, SettingUp } from './setting-up';

interface Properties {
  setup: SettingUp;
  connecting: Connecting;
  situation: Situation;
  link: Pick<BackgroundLink, 'request'>;
}

/** The tab that leads from the installation to the first packet round the network. */
export function Page({ setup, connecting, situation, link }: Properties) {
  const stage = situation.stage.value;
  const onTheWay = stage?.name === 'new' || stage?.name === 'open' || setup.busy.value;
  if (!onTheWay) {
    return (
      <Gate stage={stage} connection={situation.connection.value} link={link}>
        {null}
      </Gate>
    );
  }
  const place = setup.place.value;
  const isConnected = place === 'connect' && connecting.usable.value;
  return (
    <main class="welcome form" data-testid="welcome" data-step={place}>
      <header>
        <Mark />
        <h1>{text('welcomeTitle')}</h1>
      </header>
      <Progress way={setup.way.value} place={place} />
      <Step key={place} title={text(isConnected ? 'welcomeConnectedTitle' : TITLES[place])}>
        {place === 'about' && <About onNext={() => setup.go('kind')} />}
        {place === 'kind' && (
          <Kind onNew={() => setup.go('passphrase')} onRestore={() => setup.go('restore')} />
        )}
        {place === 'restore' && <RestoreForm restoring={setup.restoring} />}
        {place === 'passphrase' && <PassphraseStep setup={setup} />}
        {place === 'network' && <NetworkStep setup={setup} />}
        {place === 'connect' && <Connect connecting={connecting} situation={situation} />}
      </Step>
      {place === 'about' || place === 'connect' ? null : (
        <button type="button" class="link back-step" data-testid="back" onClick={() => setup.back()}>
          {text('welcomeBack')}
        </button>
      )}
    </main>
  );
}

const TITLES: Record<Place, StringName> = {
  about: 'welcomeAboutTitle',
  kind: 'welcomeKindTitle',
  restore: 'recoveryRestore',
  passphrase: 'welcomePassphraseTitle',
  network: 'welcomeNetworkTitle',
  connect: 'welcomeConnectTitle',
};

const NAMES: Record<Place, StringName> = {
  about: 'welcomeAboutName',
  kind: 'welcomeKindName',
  restore: 'welcomeRestoreName',
  passphrase: 'passphraseLabel',
  network: 'welcomeNetworkName',
  connect: 'welcomeConnectName',
};

function Progress({ way, place }: { way: readonly Place[]; place: Place }) {
  // Whoever comes from a backup, or comes back later, is at the end of either way.
  const now = way.indexOf(place);
  return (
    <nav class="progress" aria-label={text('welcomeProgress', now + 1, way.length)}>
      <ol>
        {way.map((name, index) => (
          <li
            key={name}
            class={index < now ? 'done' : index === now ? 'now' : ''}
            aria-current={index === now ? 'step' : undefined}
          >
            <span>{text(NAMES[name])}</span>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** A step under its heading, at which the keyboard and the screen reader go on. */
function Step({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="step">
      <h2 ref={heading} tabIndex={-1} data-testid="step-title">
        {title}
      </h2>
      {children}
    </section>
  );
}
