/** Searches of the board are made one after the other, since the server lets a user make one at a time. */
import type { Filters } from "tms/store";

let last: Promise<void> = Promise.resolve();

/** Acts now, or, where the filters are a search, after the searches before it. */
export function inTurn(filters: Filters, act: () => Promise<void>): Promise<void> {
  if (!filters.q?.trim()) return act();
  const done = last.then(act);
  last = done.catch(() => {});
  return done;
}
