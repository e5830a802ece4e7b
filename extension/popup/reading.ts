import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { BackgroundLink } from '../link/background-link';
import type { Chat } from './chat';

/** How long after a refusal the background is told again, in milliseconds. */
const TELL_AGAIN_AFTER = 1_000;

/** Tells the background what the user has seen: the open conversation, while the page is in view. */
export function tellWhatIsSeen(chat: Chat, link: Pick<BackgroundLink, 'request'>): () => void {
  /** What was told and is not heard of yet. */
  const told = signal<string | undefined>(undefined);
  const visible = visibility();
  return effect(() => {
    const unseen = chat.unseen.value;
    if (unseen === undefined) told.value = undefined;
    if (unseen === undefined || unseen === told.value || !visible.value) return;
    told.value = unseen;
    link
      .request({ type: 'seen', id: unseen })
      .catch(() => setTimeout(() => (told.value = undefined), TELL_AGAIN_AFTER));
  });
}

function visibility(): ReadonlySignal<boolean> {
  const visible = signal(!document.hidden);
  document.addEventListener('visibilitychange', () => (visible.value = !document.hidden));
  return visible;
}
