import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { MoreIcon } from './icons';

/** Something that can be chosen in a menu. */
export interface Choice {
  /** For tests. */
  name: string;
  label: string;
  icon: JSX.Element;
  /** What it would do, said before it is done; without it is done at once. */
  warning?: string;
  onChoose: () => unknown;
}

/** A button that opens a menu. What cannot be undone is asked for a second time. */
export function Menu({ label, choices }: { label: string; choices: Choice[] }) {
  const button = useRef<HTMLButtonElement>(null);
  const open = useSignal(false);
  function close(keepsFocus: boolean) {
    open.value = false;
    if (keepsFocus) button.current?.focus();
  }
  return (
    <div class="menu">
      <button
        type="button"
        ref={button}
        class="tool menu-button"
        data-testid="menu"
        aria-haspopup="menu"
        aria-expanded={open.value}
        aria-label={label}
        title={label}
        onClick={() => (open.value = !open.value)}
      >
        <MoreIcon />
      </button>
      {open.value ? <Choices label={label} choices={choices} button={button} onClose={close} /> : null}
    </div>
  );
}

interface Opened {
  label: string;
  choices: Choice[];
  button: { current: HTMLButtonElement | null };
  /** With the keyboard back on the button, or not. */
  onClose: (keepsFocus: boolean) => void;
}

function Choices({ label, choices, button, onClose }: Opened) {
  const list = useRef<HTMLDivElement>(null);
  const asked = useSignal<Choice | undefined>(undefined);
  usePlace(list, button, asked.value);
  useCloses(list, button, onClose);
  function choose(choice: Choice) {
    if (choice.warning && asked.value !== choice) {
      asked.value = choice;
      return;
    }
    onClose(true);
    void choice.onChoose();
  }
  const again = asked.value;
  return (
    <div ref={list} class="choices" popover="manual" onKeyDown={(event) => move(event, onClose)}>
      {again ? <p id="menu-warning">{again.warning}</p> : null}
      <div role="menu" aria-label={label} aria-describedby={again ? 'menu-warning' : undefined}>
        {again ? (
          <>
            <Item
              choice={{ ...again, name: 'confirm', label: text('deleteForGood') }}
              onChoose={() => choose(again)}
            />
            <Item
              choice={{ ...again, name: 'keep', label: text('keep'), icon: <></> }}
              onChoose={() => onClose(true)}
            />
          </>
        ) : (
          choices.map((choice) => <Item key={choice.name} choice={choice} onChoose={() => choose(choice)} />)
        )}
      </div>
    </div>
  );
}

function Item({ choice, onChoose }: { choice: Choice; onChoose: () => void }) {
  const { name, warning, icon, label } = choice;
  const grave = warning !== undefined && name !== 'keep';
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      class={grave ? 'grave' : ''}
      data-testid={`choice-${name}`}
      onClick={onChoose}
    >
      {icon}
      {label}
    </button>
  );
}

type Place = { current: HTMLElement | null };

/** Beside its button, above all else, wherever there is room; with the keyboard in it. */
function usePlace(list: Place, button: Place, asked: Choice | undefined): void {
  useLayoutEffect(() => {
    const [shown, from] = [list.current, button.current?.getBoundingClientRect()];
    if (!shown || !from) return;
    if (!asked) shown.showPopover?.();
    const { offsetWidth: width, offsetHeight: height } = shown;
    const below = from.bottom + height + GAP < innerHeight;
    shown.style.top = `${below ? from.bottom + 2 : Math.max(GAP, from.top - height - 2)}px`;
    shown.style.left = `${Math.max(GAP, Math.min(from.right - width, innerWidth - width - GAP))}px`;
    shown.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }, [asked]);
}

/** The least distance from the edges of the window, in CSS pixels. */
const GAP = 8;

/** Whoever clicks elsewhere, or goes elsewhere, does not want it. */
function useCloses(list: Place, button: Place, onClose: Opened['onClose']): void {
  useLayoutEffect(() => {
    const isOutside = (at: EventTarget | null) =>
      !list.current?.contains(at as Node) && !button.current?.contains(at as Node);
    const onDown = (event: PointerEvent) => isOutside(event.target) && onClose(false);
    const onScroll = (event: Event) => isOutside(event.target) && onClose(false);
    document.addEventListener('pointerdown', onDown);
    document.addEventListener('scroll', onScroll, { capture: true });
    return () => {
      document.removeEventListener('pointerdown', onDown);
      document.removeEventListener('scroll', onScroll, { capture: true });
    };
  }, []);
}

/** The keys of a menu: arrows, Home, End; Escape and Tab close it. */
function move(event: KeyboardEvent & { currentTarget: HTMLElement }, onClose: Opened['onClose']): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitem]')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  event.stopPropagation();
  if (next !== undefined) items.at(next % items.length)?.focus();
  else if (event.key === 'Escape' || event.key === 'Tab') onClose(true);
  else return;
  event.preventDefault();
}
