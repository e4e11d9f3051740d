/** Who else is looking at the tasks that are in sight, and which task this user is looking at. */
import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { openTask } from "tms/store";

/** What presence uses of the connection. */
export interface Live {
  presence(taskId: number | null): void;
  watch(taskIds: number[]): void;
}

// The maximum of the server.
const MAX_WATCHED = 200;
/** Milliseconds, so that scrolling through a list sends few messages. */
const DELAY = 250;

export class Presence {
  readonly #viewers = new Map<number, Signal<readonly number[]>>();
  /** The tasks whose viewers a component follows; one that is being rendered is not shown yet. */
  readonly #followed = new Set<number>();
  /** Places on the page that show the viewers of a task. */
  readonly #shown = new Map<number, number>();
  readonly #delay: number;
  #live: Live | null = null;
  #watched = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(delay = DELAY) {
    this.#delay = delay;
  }

  /** The ids of the other users who are looking at a task. */
  viewersOf(taskId: number): ReadonlySignal<readonly number[]> {
    return this.#signalOf(taskId);
  }

  /** Follows the viewers of a task; returns the function that ends it. */
  show(taskId: number): () => void {
    this.#shown.set(taskId, (this.#shown.get(taskId) ?? 0) + 1);
    this.#watchSoon();
    return () => {
      const count = (this.#shown.get(taskId) ?? 0) - 1;
      if (count > 0) this.#shown.set(taskId, count);
      else this.#shown.delete(taskId);
      this.#watchSoon();
    };
  }

  /** Viewers of tasks whose viewers have changed, by id of the task. */
  receive(viewers: Record<string, readonly number[]>): void {
    for (const [id, users] of Object.entries(viewers)) this.#signalOf(Number(id)).value = users;
  }

  clear(): void {
    for (const one of this.#viewers.values()) one.value = [];
  }

  attach(live: Live): void {
    this.#live = live;
    this.#watched = "";
    this.#watch();
    live.presence(openTask.peek());
  }

  detach(): void {
    this.#live = null;
    this.clear();
  }

  /** Reports the task that the user is looking at. */
  look(taskId: number | null): void {
    this.#live?.presence(taskId);
  }

  #signalOf(taskId: number): Signal<readonly number[]> {
    const known = this.#viewers.get(taskId);
    if (known) return known;
    const made = signal<readonly number[]>([], {
      watched: () => this.#followed.add(taskId),
      unwatched: () => this.#followed.delete(taskId),
    });
    this.#viewers.set(taskId, made);
    return made;
  }

  #watchSoon(): void {
    this.#timer ??= setTimeout(() => this.#watch(), this.#delay);
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ids = [...this.#shown.keys()].sort((one, other) => one - other).slice(0, MAX_WATCHED);
    for (const [id, viewers] of this.#viewers) {
      if (ids.includes(id)) continue;
      // The server says nothing about it any more.
      viewers.value = [];
      if (!this.#shown.has(id) && !this.#followed.has(id)) this.#viewers.delete(id);
    }
    if (!this.#live || ids.join() === this.#watched) return;
    this.#watched = ids.join();
    this.#live.watch(ids);
  }
}

export const presence = new Presence();
effect(() => presence.look(openTask.value));
