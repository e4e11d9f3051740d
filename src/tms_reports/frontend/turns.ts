/** One request after the other: of the reports of one user, the server computes one at a time, and rejects others. */
let last: Promise<unknown> = Promise.resolve();

/** Runs when all that were asked for before have ended; not at all if `signal` is aborted by then. */
export function inTurn<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const result = last.then(() => {
    signal.throwIfAborted();
    return run();
  });
  last = result.catch(() => {});
  return result;
}
