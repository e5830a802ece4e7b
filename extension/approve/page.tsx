import { useEffect } from 'preact/hooks';
import { closeApproval } from '../browser/approval-window';
import { text } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { Mark } from '../popup/icons';
import { Gate } from '../stage/gate';
import type { Situation } from '../stage/situation';
import { Origin } from './origin';
import { Question } from './question';
import type { Questions } from './questions';

/** How long it is said that a site asks no more before the window closes, in milliseconds. */
const FAREWELL = 4_000;

interface Properties {
  situation: Situation;
  questions: Questions;
  link: Pick<BackgroundLink, 'request'>;
}

/** The window in which the user answers sites. */
export function Page({ situation, questions, link }: Properties) {
  return (
    <Gate stage={situation.stage.value} connection={situation.connection.value} link={link}>
      <Content questions={questions} link={link} />
    </Gate>
  );
}

function Content({ questions, link }: Omit<Properties, 'situation'>) {
  const prompt = questions.current.value;
  if (questions.open.value === null) return <Nothing />;
  // Another question is another component: nothing is ticked or armed by the one before.
  if (prompt) return <Question key={prompt.id} prompt={prompt} questions={questions} link={link} />;
  return <End closed={questions.closed.value} />;
}

/** Nothing is known yet, or the window is about to close. */
function Nothing() {
  return (
    <main class="approve">
      <h1 class="unseen">{text('approveTitle')}</h1>
    </main>
  );
}

/** No question is left. */
function End({ closed }: { closed: string | null }) {
  useEffect(() => {
    const timer = setTimeout(() => void closeApproval(), closed === null ? 0 : FAREWELL);
    return () => clearTimeout(timer);
  }, []);
  return closed === null ? <Nothing /> : <Closed origin={closed} />;
}

function Closed({ origin }: { origin: string }) {
  return (
    <main class="gate" data-testid="closed">
      <div class="gate-card" role="status">
        <Mark />
        <h1>
          <Origin origin={origin} /> <span>{text('approveClosed')}</span>
        </h1>
        <p>{text('approveClosedHint')}</p>
        <button type="button" class="secondary" data-testid="close" onClick={() => void closeApproval()}>
          {text('close')}
        </button>
      </div>
    </main>
  );
}
