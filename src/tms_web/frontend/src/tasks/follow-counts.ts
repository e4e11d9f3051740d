/** Counts of the server, read again while tasks change. */
import { effect } from "@preact/signals";
import { listen } from "tms/realtime";
import { tasks } from "tms/store";

// In milliseconds. Several changes at once are counted once.
const PAUSE = 150;
const MAX_PERIODS = 8;

/**
 * Reads at once, and again after changes and failures: one after the other, and at most once a `period` (milliseconds),
 * which grows while it fails. Returns the function that stops it.
 */
export function followCounts(read: (signal: AbortSignal) => Promise<void>, period: number): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let readAt = 0;
  let periods = 1;
  let running = Promise.resolve();

  const run = async () => {
    readAt = performance.now();
    try {
      await read(abort.signal);
      periods = 1;
    } catch {
      periods = Math.min(MAX_PERIODS, periods * 2);
      runSoon();
    }
  };
  const runSoon = () => {
    if (abort.signal.aborted) return;
    const wait = Math.max(PAUSE, readAt + period * periods - performance.now());
    timer ??= setTimeout(async () => {
      await running;
      timer = undefined;
      if (!abort.signal.aborted) running = run();
    }, wait);
  };
  running = run();
  const stop = onChange(runSoon);
  return () => {
    abort.abort();
    clearTimeout(timer);
    stop();
  };
}

/** Calls back when tasks have changed on the server: somebody else's, or all that the user has changed is stored. */
function onChange(act: () => void): () => void {
  let isSending = false;
  const stops = [
    listen({ onEvent: act, onChanges: act, onReset: act }),
    effect(() => {
      const wasSending = isSending;
      isSending = tasks.queue.value.length > 0;
      if (wasSending && !isSending) act();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
