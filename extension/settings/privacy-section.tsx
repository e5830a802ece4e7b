import type { Settings } from 'sotto-wasm';
import { text, type StringName } from '../browser/strings';
import { span } from '../format/time';
import { Choice } from './choices';
import type { Preferences } from './preferences';

interface Properties {
  preferences: Preferences;
  settings: Settings;
}

/** What others are told, what the screen shows, and how long messages are kept. */
export function PrivacySection({ preferences, settings }: Properties) {
  return (
    <>
      <label class="choice">
        <input
          type="checkbox"
          data-testid="receipts"
          checked={settings.receipts}
          onChange={({ currentTarget }) => preferences.edit({ receipts: currentTarget.checked })}
        />
        <span>
          <strong>{text('settingsReceipts')}</strong>
          <span class="muted">{text('settingsReceiptsHint')}</span>
        </span>
      </label>
      <Notifications preferences={preferences} settings={settings} />
      <Retention preferences={preferences} settings={settings} />
    </>
  );
}

type Told = Settings['notifications'];

const NOTIFICATIONS: Record<Told, readonly [StringName, StringName]> = {
  off: ['settingsNotifyOff', 'settingsNotifyOffHint'],
  plain: ['settingsNotifyPlain', 'settingsNotifyPlainHint'],
  full: ['settingsNotifyFull', 'settingsNotifyFullHint'],
};

function Notifications({ preferences, settings }: Properties) {
  return (
    <fieldset>
      <legend>{text('settingsNotify')}</legend>
      {(Object.keys(NOTIFICATIONS) as Told[]).map((value) => (
        <Choice
          key={value}
          name="notifications"
          value={value}
          chosen={settings.notifications}
          words={NOTIFICATIONS[value]}
          onChoose={(notifications) => preferences.edit({ notifications })}
        />
      ))}
    </fieldset>
  );
}

/** The choices of how long messages are kept, in days. */
const DAYS = [1, 7, 30, 90, 365];
const DAY = 86_400_000;

function Retention({ preferences, settings }: Properties) {
  const value = settings.keepDays;
  const before = preferences.inForce('keepDays') ?? Infinity;
  const choices = value === null || DAYS.includes(value) ? DAYS : [...DAYS, value];
  return (
    <div class="block">
      <label for="keep-days">{text('settingsKeep')}</label>
      <select
        id="keep-days"
        data-testid="keep-days"
        aria-describedby="keep-days-hint"
        value={String(value ?? '')}
        onChange={({ currentTarget }) => preferences.edit({ keepDays: Number(currentTarget.value) || null })}
      >
        <option value="">{text('settingsKeepAlways')}</option>
        {choices.map((days) => (
          <option key={days} value={days}>
            {span(days * DAY)}
          </option>
        ))}
      </select>
      <p class="muted" id="keep-days-hint">
        {text('settingsKeepHint')}
      </p>
      <p class="honest-line" role="status" data-testid="keep-warning">
        {(value ?? Infinity) < before ? text('settingsKeepWarning') : null}
      </p>
    </div>
  );
}
