import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { History } from './history';
import type { Section } from './section';

/** How near to the end counts as "at the end", in CSS pixels. */
const NEAR = 48;
/** How near to an edge more is fetched, in CSS pixels: about what a turn of the wheel goes. */
const AHEAD = 400;

/** A message, and where it was in view, in CSS pixels from the upper edge. */
interface Anchor {
  id: string;
  top: number;
}

type Ref<T> = { current: T };

/** Keeps what is in view in its place while messages come and go around it, and fetches more in time. */
export function useScrolling(section: Section | undefined, history: History) {
  const list = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const anchor = useRef<Anchor | undefined>(undefined);
  const shownTarget = useRef<string | undefined>(undefined);
  /** Where the view was when it was last looked at. */
  const seenAt = useRef(0);
  const atEnd = useSignal(true);
  const target = history.target.value;

  function look(): void {
    const view = list.current;
    // Out of view, nothing has a place.
    if (!view || view.clientHeight === 0) return;
    follows.current = isAtEnd(view) && section?.newer !== true;
    atEnd.value = follows.current;
    anchor.current = firstInView(view);
    seenAt.current = view.scrollTop;
    fetchAhead(view, section, history);
  }
  useLayoutEffect(() => {
    const view = list.current;
    if (!view) return;
    if (target !== undefined && target !== shownTarget.current && bringIntoView(view, target)) {
      shownTarget.current = target;
    } else if (follows.current && section?.newer !== true && !hasScrolled(view, seenAt.current)) {
      view.scrollTop = view.scrollHeight;
    } else if (anchor.current) {
      holdInPlace(view, anchor.current, view.scrollTop - seenAt.current);
    }
    look();
  });
  useStaysAtEnd(list, follows, seenAt);
  function toEnd(): void {
    follows.current = true;
    if (section?.newer) void history.newest();
    else list.current?.scrollTo({ top: list.current.scrollHeight });
  }
  return { list, atEnd: atEnd.value, onScroll: look, toEnd };
}

/** When the view itself becomes smaller or larger, as the field below it does with each line. */
function useStaysAtEnd(list: Ref<HTMLDivElement | null>, follows: Ref<boolean>, seenAt: Ref<number>): void {
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      const view = list.current;
      if (!view || !follows.current) return;
      view.scrollTop = view.scrollHeight;
      seenAt.current = view.scrollTop;
    });
    if (list.current) observer.observe(list.current);
    return () => observer.disconnect();
  }, []);
}

/** Whether the user went elsewhere, of which the browser tells only later. */
function hasScrolled(view: HTMLElement, seenAt: number): boolean {
  return Math.abs(view.scrollTop - seenAt) > 1 && !isAtEnd(view);
}

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < NEAR;
}

function fetchAhead(view: HTMLElement, section: Section | undefined, history: History): void {
  const failed = history.problem.peek()?.side;
  if (section?.older && view.scrollTop < AHEAD && failed !== 'older') void history.older();
  const below = view.scrollHeight - view.scrollTop - view.clientHeight;
  if (section?.newer && below < AHEAD && failed !== 'newer') void history.newer();
}

function firstInView(view: HTMLElement): Anchor | undefined {
  const edge = view.getBoundingClientRect().top;
  for (const message of view.querySelectorAll<HTMLElement>('.message')) {
    const { top, bottom } = message.getBoundingClientRect();
    if (bottom > edge) return { id: message.dataset['id'] ?? '', top: top - edge };
  }
  return undefined;
}

/** `scrolled` is how far the user went since the anchor was cast. */
function holdInPlace(view: HTMLElement, { id, top }: Anchor, scrolled: number): void {
  const message = find(view, id);
  if (!message) return;
  const place = message.getBoundingClientRect().top - view.getBoundingClientRect().top;
  const moved = place + scrolled - top;
  if (moved !== 0) view.scrollTop += moved;
}

function bringIntoView(view: HTMLElement, id: string): boolean {
  const message = find(view, id);
  if (!message) return false;
  const offset = message.getBoundingClientRect().top - view.getBoundingClientRect().top;
  view.scrollTop += offset - view.clientHeight / 3;
  return true;
}

function find(view: HTMLElement, id: string): HTMLElement | null {
  return view.querySelector(`.message[data-id="${CSS.escape(id)}"]`);
}
