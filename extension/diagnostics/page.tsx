import { text } from '../browser/strings';
import { CopyButton } from '../popup/copy';
import { plainText, report, type Section } from './report';
import type { Watch } from './watch';

/** What is known about the connection, for whoever looks for a fault. */
export function Page({ watch }: { watch: Watch }) {
  const { snapshot, packets, faults, now } = watch;
  const seen = { packets: packets.value, faults: faults.value, now: now.value };
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
        {sections.map((section) => (
          <Facts key={section.title} section={section} />
        ))}
      </main>
    </>
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
