/** How many tasks each column has, as the server counts them: one request for all columns, repeated while tasks change. */
import { signal } from "@preact/signals";
import { api, type Task, type TaskCounts } from "tms/api";
import { type Filters, matches, tasks, toParams } from "tms/store";
import { followCounts } from "tms/tasks";
import { type GroupField, keyOfValue } from "./groups.ts";
import { inTurn } from "./search-turns.ts";

/** Milliseconds between two requests. */
const PERIOD = 2_000;

export class ColumnCounts {
  /** By key of column; null until they are known. */
  readonly counts = signal<ReadonlyMap<string, number> | null>(null);
  readonly #field: GroupField;
  readonly #filters: Filters;
  readonly #me: number;
  readonly #stops: (() => void)[];

  constructor(field: GroupField, filters: Filters, me: number) {
    this.#field = field;
    this.#filters = filters;
    this.#me = me;
    this.#stops = [
      tasks.entities.listen((id, before, after) => this.#onChange(id, before, after)),
      followCounts((signal) => inTurn(filters, () => this.#read(signal)), PERIOD),
    ];
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
  }

  async #read(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const params = { by: this.#field, ...toParams({ filters: this.#filters, ordering: [] }) };
    const found = await api.get<TaskCounts>("/api/task/counts", params, { signal });
    this.counts.value = new Map(found.counts.map(({ value, count }) => [keyOfValue(value), count]));
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
