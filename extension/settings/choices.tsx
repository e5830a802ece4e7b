import type { Settings } from 'sotto-wasm';
import { text, type StringName } from '../browser/strings';

interface Properties<Value extends string> {
  /** The group that one is chosen of. */
  name: string;
  value: Value;
  chosen: Value;
  /** What it is called, and what it means. */
  words: readonly [StringName, StringName];
  onChoose: (value: Value) => void;
}

/** One of several that exclude each other. */
export function Choice<Value extends string>({ name, value, chosen, words, onChoose }: Properties<Value>) {
  return (
    <label class="choice">
      <input
        type="radio"
        name={name}
        value={value}
        checked={value === chosen}
        onChange={() => onChoose(value)}
      />
      <span>
        <strong>{text(words[0])}</strong>
        <span class="muted">{text(words[1])}</span>
      </span>
    </label>
  );
}

type Traffic = Settings['traffic'];

const TRAFFIC: Record<Traffic, readonly [StringName, StringName]> = {
  protected: ['trafficProtected', 'trafficProtectedHint'],
  fast: ['trafficFast', 'trafficFastHint'],
  direct: ['trafficDirect', 'trafficDirectHint'],
};

/** How packets are sent: what each way hides, and what it costs. */
export function TrafficChoices(props: { chosen: Traffic; onChoose: (chosen: Traffic) => void }) {
  return (
    <>
      {(Object.keys(TRAFFIC) as Traffic[]).map((value) => (
        <Choice key={value} name="traffic" value={value} words={TRAFFIC[value]} {...props} />
      ))}
      {props.chosen === 'direct' ? <p class="honest">{text('noCoverTraffic')}</p> : null}
    </>
  );
}
