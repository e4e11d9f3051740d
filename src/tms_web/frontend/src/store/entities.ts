/** Tasks by id: the server's version, the unconfirmed changes on top of it, and the view of both as a signal. */
import { type Signal, signal } from "@preact/signals";
import type { Task } from "tms/api";
import { applyChange, type Change, idsOf } from "./changes.ts";

/**
 * How one task changed, as the pages see it; undefined means that it does not exist, or is not loaded. Both are undefined
 * when a task that is not loaded was deleted.
 */
export type TaskListener = (id: number, before: Task | undefined, after: Task | undefined) => void;

/** What shows tasks, which are kept for it. */
export interface TaskHolder {
  ids(): readonly number[];
  /** While tasks are on their way to it, it may need any of them. */
  isLoading(): boolean;
}

export class TaskEntities {
  readonly #base = new Map<number, Task>();
  readonly #views = new Map<number, Signal<Task | undefined>>();
  /** Deleted tasks with their last version, so that a late response does not bring them back. */
  readonly #gone = new Map<number, number>();
  readonly #listeners = new Set<TaskListener>();
  readonly #holders = new Set<TaskHolder>();
  /** The tasks whose views a component follows. */
  readonly #watched = new Set<number>();
  readonly #pending: () => readonly Change[];

  constructor(pending: () => readonly Change[]) {
    this.#pending = pending;
  }

  /** The task as the user sees it; undefined if it is not loaded or deleted. */
  view(id: number): Signal<Task | undefined> {
    const known = this.#views.get(id);
    if (known) return known;
    return this.#addView(id, this.#compute(id));
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

  /** Stores a change of a task that perhaps nothing shows; then it is not kept, however many others change. */
  follow(task: Task): void {
    const isNew = !this.#base.has(task.id);
    this.put(task);
    if (isNew && !this.#isHeld(task.id)) this.#forget(task.id);
  }

  /** The task was deleted, or is out of sight, at a version or the last known one; a restored one has a higher version. */
  drop(id: number, version?: number): void {
    const known = this.#base.get(id)?.version ?? this.#gone.get(id) ?? 0;
    if (version !== undefined && version < known) return;
    const isShown = this.#views.get(id)?.peek() !== undefined;
    this.#gone.set(id, version ?? known);
    this.#base.delete(id);
    this.refresh([id]);
    if (!isShown) this.#tell(id, undefined, undefined);
  }

  /** Computes the views anew, after the unconfirmed changes have changed. */
  refresh(ids: Iterable<number>): void {
    for (const id of new Set(ids)) {
      // Not `view(id)`, which would start with the new value: the task was not visible until now.
      const view = this.#views.get(id) ?? this.#addView(id, undefined);
      const before = view.peek();
      const after = this.#compute(id);
      if (isSame(before, after)) continue;
      view.value = after;
      this.#tell(id, before, after);
    }
  }

  listen(listener: TaskListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps the tasks of a holder until the returned function is called; what nothing else shows is forgotten then. */
  hold(holder: TaskHolder): () => void {
    this.#holders.add(holder);
    return () => {
      this.#holders.delete(holder);
      const held = new Set([...this.#holders].flatMap((one) => one.ids()));
      const isBusy = [...this.#holders].some((one) => one.isLoading());
      for (const id of holder.ids()) if (!isBusy && !held.has(id) && !this.#isUsed(id)) this.#forget(id);
    };
  }

  clear(): void {
    const ids = [...this.#views.keys()];
    this.#base.clear();
    this.#gone.clear();
    this.refresh(ids);
    this.#views.clear();
  }

  #tell(...change: Parameters<TaskListener>): void {
    for (const listener of this.#listeners) listener(...change);
  }

  #addView(id: number, task: Task | undefined): Signal<Task | undefined> {
    const made = signal(task, {
      watched: () => this.#watched.add(id),
      unwatched: () => this.#watched.delete(id),
    });
    this.#views.set(id, made);
    return made;
  }

  #isHeld(id: number): boolean {
    if (this.#isUsed(id)) return true;
    for (const holder of this.#holders) if (holder.isLoading() || holder.ids().includes(id)) return true;
    return false;
  }

  #isUsed(id: number): boolean {
    return this.#watched.has(id) || this.#pending().some((change) => idsOf(change).includes(id));
  }

  #forget(id: number): void {
    this.#base.delete(id);
    this.#views.delete(id);
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
