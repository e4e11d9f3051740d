/** Tasks by id: the server's version, the unconfirmed changes on top of it, and the view of both as a signal. */
import { type Signal, signal } from "@preact/signals";
import type { Task } from "tms/api";
import { applyChange, type Change, idsOf } from "./changes.ts";

/** How one task changed, as the pages see it; undefined means that it does not exist. */
export type TaskListener = (id: number, before: Task | undefined, after: Task | undefined) => void;

export class TaskEntities {
  readonly #base = new Map<number, Task>();
  readonly #views = new Map<number, Signal<Task | undefined>>();
  /** Deleted tasks with their last version, so that a late response does not bring them back. */
  readonly #gone = new Map<number, number>();
  readonly #listeners = new Set<TaskListener>();
  readonly #pending: () => readonly Change[];

  constructor(pending: () => readonly Change[]) {
    this.#pending = pending;
  }

  /** The task as the user sees it; undefined if it is not loaded or deleted. */
  view(id: number): Signal<Task | undefined> {
    const known = this.#views.get(id);
    if (known) return known;
    const made = signal(this.#compute(id));
    this.#views.set(id, made);
    return made;
  }

  peek(id: number): Task | undefined {
    return this.view(id).peek();
  }

  /** The task without unconfirmed changes. */
  confirmed(id: number): Task | undefined {
    return this.#base.get(id);
  }

  isGone(id: number): boolean {
    return this.#gone.has(id);
  }

  /** Stores the server's version, unless a newer one is known. */
  put(task: Task): void {
    const known = this.#base.get(task.id);
    const goneAt = this.#gone.get(task.id);
    if ((known && known.version > task.version) || (goneAt !== undefined && goneAt >= task.version)) return;
    this.#gone.delete(task.id);
    if (known?.version === task.version) return;
    this.#base.set(task.id, task);
    this.refresh([task.id]);
  }

  /** The task was deleted, or is out of sight; a restored one has a higher version. */
  drop(id: number, version: number): void {
    if ((this.#base.get(id)?.version ?? 0) > version) return;
    this.#gone.set(id, version);
    this.#base.delete(id);
    this.refresh([id]);
  }

  /** Computes the views anew, after the unconfirmed changes have changed. */
  refresh(ids: Iterable<number>): void {
    for (const id of new Set(ids)) {
      // Not `view(id)`, which would start with the new value: the task was not visible until now.
      const view = this.#views.get(id) ?? signal<Task | undefined>(undefined);
      this.#views.set(id, view);
      const before = view.peek();
      const after = this.#compute(id);
      if (isSame(before, after)) continue;
      view.value = after;
      for (const listener of this.#listeners) listener(id, before, after);
    }
  }

  listen(listener: TaskListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear(): void {
    const ids = [...this.#views.keys()];
    this.#base.clear();
    this.#gone.clear();
    this.refresh(ids);
    this.#views.clear();
  }

  #compute(id: number): Task | undefined {
    let task = this.#base.get(id);
    for (const change of this.#pending()) {
      const concerns = idsOf(change).includes(id);
      if (concerns && !(this.#gone.has(id) && change.kind !== "create")) task = applyChange(task, change);
    }
    return task;
  }
}

function isSame(one: Task | undefined, other: Task | undefined): boolean {
  if (!one || !other) return one === other;
  return Object.keys(other).every((name) => one[name as keyof Task] === other[name as keyof Task]);
}
