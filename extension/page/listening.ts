import { bare, document, listen, observe, SafeMutationObserver } from './primordials';

/**
 * Listens until the page is gone. `document.open()` takes all listeners away with the document's
 * content; a listener that is still there is not added twice.
 */
export function listenForGood(target: EventTarget, type: string, listener: (event: Event) => void): void {
  const again = () => listen(target, type, listener);
  again();
  observe(new SafeMutationObserver(again), document, bare({ childList: true }));
}
