// In milliseconds.
const SHORTEST = 2_000;
const LONGEST = 60_000;
/** A report takes at most this share of the time of one connection. */
const SHARE = 1 / 20;

/** How long to wait after a report that took so many milliseconds. */
export function pauseAfter(elapsed: number): number {
  return Math.min(LONGEST, Math.max(SHORTEST, elapsed / SHARE));
}
