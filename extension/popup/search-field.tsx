import { useEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { CloseIcon, SearchIcon } from './icons';
import type { Search } from './search';

/** Where to enter what is looked for. Ctrl+F, Cmd+F and the slash lead here. */
export function SearchField({ search, onFocus }: { search: Search; onFocus: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (!isSearchKey(event)) return;
      event.preventDefault();
      onFocus();
      // The list may have been out of view until now.
      requestAnimationFrame(() => {
        field.current?.focus();
        field.current?.select();
      });
    }
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  function clear() {
    search.clear();
    field.current?.focus();
  }
  return (
    <div class="search" role="search">
      <SearchIcon />
      <input
        ref={field}
        type="text"
        role="searchbox"
        autocomplete="off"
        spellcheck={false}
        aria-label={text('search')}
        placeholder={text('search')}
        data-testid="search"
        value={search.text.value}
        onInput={({ currentTarget }) => (search.text.value = currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && search.active.value) {
            event.preventDefault();
            clear();
          }
          if (event.key === 'ArrowDown') document.querySelector<HTMLElement>('.side .row')?.focus();
        }}
      />
      {search.active.value ? (
        <button
          type="button"
          class="tool"
          aria-label={text('searchClear')}
          title={text('searchClear')}
          onClick={clear}
        >
          <CloseIcon />
        </button>
      ) : null}
    </div>
  );
}

/** Ctrl+F or Cmd+F anywhere; the slash where it is not being written. */
function isSearchKey(event: KeyboardEvent): boolean {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) return event.key === 'f';
  const writes = event.target instanceof HTMLElement && event.target.closest('input, textarea, [role=menu]');
  return event.key === '/' && !writes;
}
