/** Asks the API for changes at a gentle rate while the page is visible, and when the user comes back to it. */
import { session, type Task, type TaskChanges } from "tms/api";

export interface PollerOptions {
  onChanges: (tasks: readonly Task[], gone: readonly number[]) => void;
  onReset: () => void;
  /** Whether nothing else delivers changes now. */
  isNeeded: () => boolean;
}

// In milliseconds.
const INTERVAL = 15_000;
const RETURN_INTERVAL = 3_000;

export class Poller {
  /** Changes up to this position of the event log are known; undefined means that it has to be asked for. */
  position: number | undefined;
  readonly #options: PollerOptions;
  #timer: ReturnType<typeof setInterval> | undefined;
  #abort: AbortController | null = null;
  #isAsking = false;
  #askedAt = 0;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  start(position: number | undefined): void {
    this.stop();
    this.position = position;
    this.#askedAt = Date.now();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#timer = setInterval(() => void this.#poll(), INTERVAL);
    const onReturn = () => {
      if (Date.now() - this.#askedAt >= RETURN_INTERVAL) void this.#poll();
    };
    for (const name of ["focus", "online"]) globalThis.addEventListener?.(name, onReturn, { signal });
    globalThis.document?.addEventListener("visibilitychange", onReturn, { signal });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
  }

  async #poll(): Promise<void> {
    const abort = this.#abort;
    const isHidden = globalThis.document?.visibilityState === "hidden" || navigator.onLine === false;
    if (!abort || isHidden || this.#isAsking || !this.#options.isNeeded()) return;
    this.#isAsking = true;
    this.#askedAt = Date.now();
    try {
      while (!(await this.#ask(abort)));
    } catch {
      // The next attempt is not far; what the user does says that the server is away.
    } finally {
      this.#isAsking = false;
    }
  }

  /** Whether all changes up to now have been delivered. */
  async #ask(abort: AbortController): Promise<boolean> {
    const after = this.position;
    const options = { signal: abort.signal, tries: 1 };
    const found = await session.api.get<TaskChanges>("/api/sync", after === undefined ? {} : { after }, options);
    if (abort.signal.aborted) return true;
    const isReset = found.reset || after === undefined;
    // The live source may have been ahead meanwhile.
    this.position = isReset ? found.next : Math.max(found.next, this.position ?? 0);
    if (isReset) this.#options.onReset();
    else if (found.tasks.length || found.gone.length) this.#options.onChanges(found.tasks, found.gone);
    if (isReset || found.complete) return true;
    // So many changes that reading the lists again is cheaper.
    this.position = undefined;
    return false;
  }
}
