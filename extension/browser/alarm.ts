const NAME = 'wake';

/** Has the browser start the background at least once a minute. */
export async function wakeEveryMinute(): Promise<void> {
  await chrome.alarms.create(NAME, { periodInMinutes: 1 });
}

/** Calls `wake` at each of these minutes. Must be called while the background loads. */
export function onWake(wake: () => void): void {
  chrome.alarms.onAlarm.addListener((alarm) => {
    if (alarm.name === NAME) wake();
  });
}
