/** How many tasks each column has, as the server counts them: one request for all columns, repeated while tasks change. */
import { effect, signal } from "@preact/signals";
import { api, type Task, type TaskCounts } from "tms/api";
import { listen } from "tms/realtime";
import { type Filters, matches, onReset, tasks, toParams } from "tms/store";
import { type GroupField, keyOfValue } from "./groups.ts";
import { inTurn } from "./search-turns.ts";

/** Milliseconds between two requests. */
const PERIOD = 2_000;
/** Several changes at once are counted once. */
const PAUSE = 150;

export class ColumnCounts {
  /** By key of column; null until they are known. */
  readonly counts = signal<ReadonlyMap<string, number> | null>(null);
  readonly #field: GroupField;
  readonly #filters: Filters;
  readonly #me: number;
  readonly #stops: (() => void)[];
  readonly #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #readAt = 0;

  constructor(field: GroupField, filters: Filters, me: number) {
    this.#field = field;
    this.#filters = filters;
    this.#me = me;
    let isSending = false;
    this.#stops = [
      tasks.entities.listen((id, before, after) => this.#onChange(id, before, after)),
      listen({ onEvent: () => this.#readSoon(), onReset: () => {} }),
      onReset(() => this.#readSoon()),
      // One's own changes, also where there is no realtime.
      effect(() => {
        const wasSending = isSending;
        isSending = tasks.queue.value.length > 0;
        if (wasSending && !isSending) this.#readSoon();
      }),
    ];
    this.#ask();
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  #readSoon(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(PAUSE, this.#readAt + PERIOD - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#ask();
    }, wait);
  }

  #ask(): void {
    inTurn(this.#filters, () => this.#read());
  }

  async #read(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#readAt = performance.now();
    const params = { by: this.#field, ...toParams({ filters: this.#filters, ordering: [] }) };
    // Old numbers are better than none; the next change asks again.
    const found = await api
      .get<TaskCounts>("/api/task/counts", params, { signal: this.#abort.signal })
      .catch(() => null);
    if (found) this.counts.value = new Map(found.counts.map(({ value, count }) => [keyOfValue(value), count]));
  }

  /** A change that is seen from both sides counts at once. */
  #onChange(id: number, before: Task | undefined, after: Task | undefined): void {
    const counts = this.counts.peek();
    if (id < 0 || !before || !after || !counts) return;
    const next = new Map(counts);
    for (const [task, step] of [
      [before, -1],
      [after, 1],
    ] as const) {
      if (matches(task, this.#filters, this.#me) !== true) continue;
      const key = keyOfValue(task[this.#field]);
      next.set(key, Math.max(0, (next.get(key) ?? 0) + step));
    }
    this.counts.value = next;
  }
}
