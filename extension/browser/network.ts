/** Calls `changed` when the computer joins a network, or goes from one to another. */
export function onNetworkChange(changed: () => void): void {
  self.addEventListener('online', changed);
  // Chrome tells a service worker by this one alone; Firefox does not have it.
  connection()?.addEventListener('change', changed);
}

function connection(): EventTarget | undefined {
  return (navigator as { connection?: EventTarget }).connection;
}
