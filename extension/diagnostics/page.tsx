import { text } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { CopyButton } from '../popup/copy';
import { plainText, report, type Section } from './report';
import type { Watch } from './watch';

type Link = Pick<BackgroundLink, 'request'>;

/** What is known about the connection, for whoever looks for a fault. */
export function Page({ watch, link }: { watch: Watch; link: Link }) {
  const { snapshot, packets, bandwidth, faults, roundTrip, now } = watch;
  const seen = {
    packets: packets.value,
    bandwidth: bandwidth.value,
    faults: faults.value,
    roundTrip: roundTrip.value,
    now: now.value,
  };
  const sections = snapshot.value ? report(snapshot.value, seen) : [];
  return (
    <>
      <header>
        <a class="back" href="../settings/settings.html">
          <span aria-hidden="true">←</span> {text('settingsTitle')}
        </a>
        <h1>{text('diagnosticsTitle')}</h1>
      </header>
      <main>
        <div class="about">
          <p class="muted">{text('diagnosticsHint')}</p>
          <CopyButton
            value={sections.length === 0 ? null : plainText(sections)}
            label={text('copyDiagnostics')}
          />
        </div>
        <Probe watch={watch} link={link} />
        {sections.map((section) => (
          <Facts key={section.title} section={section} />
        ))}
      </main>
    </>
  );
}

/** Measures how long a packet takes round the network, which only works while there is a connection. */
function Probe({ watch, link }: { watch: Watch; link: Link }) {
  const { probing, roundTrip, snapshot } = watch;
  const online = snapshot.value?.connection.state === 'online';
  const milliseconds = roundTrip.value;
  return (
    <div class="probe">
      <button
        type="button"
        class="copy"
        disabled={!online}
        aria-disabled={probing.busy.value}
        data-testid="probe"
        onClick={() => void watch.probe(link)}
      >
        {text(probing.busy.value ? 'diagnosticsProbing' : 'diagnosticsProbe')}
      </button>
      <p role="status" data-testid="round-trip">
        {milliseconds === null ? null : text('welcomeLoopDone', milliseconds)}
        {probing.error.value?.message}
      </p>
    </div>
  );
}

function Facts({ section: { title, facts } }: { section: Section }) {
  return (
    <section>
      <h2>{title}</h2>
      <dl>
        {facts.map(([name, value], index) => (
          <div class="fact" key={index}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
