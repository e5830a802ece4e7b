const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const DATE = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

/** Hours and minutes of a moment in milliseconds. */
export function clock(at: number): string {
  return CLOCK.format(at);
}

/** A moment in a list: the time if it is of today, else the date. */
export function when(at: number, now: number): string {
  return day(at) === day(now) ? clock(at) : DATE.format(at);
}

/** The day of a moment, as a heading. */
export function day(at: number): string {
  return DAY.format(at);
}

/** A stretch of time in milliseconds, as whole minutes, hours or days. */
export function span(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const [unit, value] =
    minutes < 60
      ? (['minute', minutes] as const)
      : minutes < 48 * 60
        ? (['hour', Math.floor(minutes / 60)] as const)
        : (['day', Math.floor(minutes / 1_440)] as const);
  return new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

/** Whole seconds from now to then, never below zero. */
export function secondsUntil(then: number, now: number): number {
  return Math.max(0, Math.ceil((then - now) / 1_000));
}
