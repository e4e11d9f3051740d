/** Optimistic changes of tasks: shown at once, sent one after the other, rolled back if the server refuses. */
import { type ReadonlySignal, signal } from "@preact/signals";
import {
  type ApiClient,
  ApiError,
  type BulkOperation,
  type BulkResults,
  type NewTask,
  type Task,
  type TaskChange,
} from "tms/api";
import type { TaskEvent } from "tms/realtime";
import { type Change, type Conflict, contains, idsOf, newChange, type UpdateChange } from "./changes.ts";
import { TaskEntities } from "./entities.ts";
import type { QueueStorage } from "./queue.ts";

interface Waiting {
  resolve(task: Task | undefined): void;
  reject(error: unknown): void;
}

const WAIT_OFFLINE = 5_000;
const SIGNED_OUT = 401;

/** Whether a change was not refused, but waits until its user signs in again. */
export function isUnsent(error: unknown): boolean {
  return error instanceof ApiError && error.status === SIGNED_OUT;
}

export class TaskStore {
  /** Unconfirmed changes, oldest first. */
  readonly queue = signal<readonly Change[]>([]);
  readonly conflicts = signal<readonly Conflict[]>([]);
  /** Whether the last attempt to send a change got no response. */
  readonly isOffline = signal(false);
  readonly entities = new TaskEntities(() => this.queue.peek());
  /** Called with errors of changes that nobody awaits any more, as after a reload. */
  onRefused: (error: unknown, change: Change) => void = () => {};
  readonly #api: ApiClient;
  readonly #storage: QueueStorage | null;
  readonly #waiting = new Map<string, Waiting>();
  #userId = 0;
  #nextId = -1;
  #isSending = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: ApiClient, storage: QueueStorage | null = null) {
    this.#api = api;
    this.#storage = storage;
  }

  /** Begins for a user, with what was left unsent before a reload. */
  async start(userId: number): Promise<void> {
    this.#userId = userId;
    const saved = (await this.#storage?.adopt(userId).catch(() => null)) ?? { changes: [], conflicts: [] };
    this.#nextId = Math.min(-1, ...saved.changes.flatMap(idsOf).map((id) => id - 1));
    this.conflicts.value = saved.conflicts;
    this.#replaceQueue([...saved.changes, ...this.queue.peek()]);
    this.flush();
  }

  /** Forgets everything in memory; what is unsent stays in the storage of its user, and those who wait for it get a 401. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#userId = 0;
    const ids = this.queue.peek().flatMap(idsOf);
    this.queue.value = [];
    this.conflicts.value = [];
    this.isOffline.value = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new ApiError(SIGNED_OUT));
    this.entities.refresh(ids);
    this.entities.clear();
  }

  task(id: number): ReadonlySignal<Task | undefined> {
    return this.entities.view(id);
  }

  /** Reads a task; it throws ApiError 404 if there is none. */
  async load(id: number): Promise<Task> {
    const task = await this.#api.get<Task>(`/api/task/${id}`);
    this.entities.put(task);
    return this.entities.peek(id) ?? task;
  }

  /** Shows a new task under a negative id; resolves to the task with its id. */
  create(task: NewTask): Promise<Task | undefined> {
    return this.#enqueue(newChange({ kind: "create", id: this.#nextId--, task, createdBy: this.#userId }));
  }

  /**
   * Changes fields of a task. Rejects with ApiError; after 412 the change is in `conflicts`. `version` is the one that
   * the user saw, where that is not the newest.
   */
  change(
    id: number,
    patch: TaskChange,
    version = this.entities.confirmed(id)?.version ?? 0,
  ): Promise<Task | undefined> {
    return this.#enqueue(newChange({ kind: "update", id, patch, version }));
  }

  remove(id: number, version = this.entities.confirmed(id)?.version ?? 0): Promise<Task | undefined> {
    return this.#enqueue(newChange({ kind: "delete", id, version }));
  }

  /** Changes several tasks in one request: all or none. Without `version`, the last write wins. */
  async bulk(operations: BulkOperation[]): Promise<void> {
    if (operations.length) await this.#enqueue(newChange({ kind: "bulk", operations }));
  }

  /** Repeats a refused change on top of the task in the conflict. `patch` holds the values that the user keeps. */
  resolve(conflict: Conflict, patch: TaskChange | "delete" | "discard"): Promise<Task | undefined> {
    // Not on top of a newer one, which the user has not seen.
    const { id, version } = conflict.current;
    this.conflicts.value = this.conflicts.peek().filter((one) => one !== conflict);
    this.#save();
    if (patch === "discard") return Promise.resolve(this.entities.peek(id));
    this.entities.put(conflict.current);
    return patch === "delete" ? this.remove(id, version) : this.change(id, patch, version);
  }

  applyEvent({ task_id, event, event_id: _id, actor: _actor, changes: _changes, ...fields }: TaskEvent): void {
    if (event === "deleted") this.entities.drop(task_id, fields.version);
    else this.entities.follow(pick({ ...fields, id: task_id }));
  }

  applyChanges(tasks: readonly Task[], gone: readonly number[]): void {
    for (const task of tasks) this.entities.follow(pick(task));
    for (const id of gone) this.entities.drop(id);
  }

  /** Sends what is queued; called when the connection is back, too. */
  flush(): void {
    clearTimeout(this.#timer);
    if (!this.#isSending) void this.#sendAll();
  }

  #enqueue(change: Change): Promise<Task | undefined> {
    const done = new Promise<Task | undefined>((resolve, reject) => this.#waiting.set(change.key, { resolve, reject }));
    this.#replaceQueue([...this.queue.peek(), change]);
    this.flush();
    return done;
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    try {
      await this.#sendUntilEmpty();
    } finally {
      this.#isSending = false;
    }
    // Something may have been queued between the end of the loop and this line.
    if (this.queue.peek().length && !this.isOffline.peek()) void this.#sendAll();
  }

  async #sendUntilEmpty(): Promise<void> {
    const userId = this.#userId;
    for (let change = this.queue.peek()[0]; change; change = this.queue.peek()[0]) {
      try {
        const task = await this.#send(change);
        if (this.#userId !== userId) return;
        this.isOffline.value = false;
        this.#settle(change);
        this.#waitingOf(change)?.resolve(task);
      } catch (error) {
        if (this.#userId !== userId) return;
        const isAway =
          error instanceof ApiError && (error.status === 0 || error.status === SIGNED_OUT || error.status === 503);
        this.isOffline.value = isAway;
        if (isAway) {
          // Kept, and sent again later or after signing in.
          this.#timer = setTimeout(() => this.flush(), (error.retryAfter ?? 0) + WAIT_OFFLINE);
          return;
        }
        this.#refuse(change, error);
      }
    }
  }

  async #send(change: Change): Promise<Task | undefined> {
    const { key } = change;
    switch (change.kind) {
      case "create": {
        const task = await this.#api.post<Task>("/api/task", change.task, { key });
        this.entities.put(task);
        this.#renumber(change.id, task.id, task.version);
        return task;
      }
      case "update":
        return this.#sendUpdate(change);
      case "delete":
        try {
          await this.#api.delete(`/api/task/${change.id}`, { version: change.version });
        } catch (error) {
          if (!(error instanceof ApiError) || error.status !== 404) throw error;
        }
        // A deletion does not raise the version; a restored task has the next one.
        this.entities.drop(change.id, change.version);
        return undefined;
      case "bulk": {
        const body = { operations: change.operations };
        const { results } = await this.#api.post<BulkResults>("/api/task/bulk", body, { key });
        for (const [index, { id, task }] of results.entries()) {
          const operation = change.operations[index];
          if (task) this.entities.put(task);
          else if (operation?.op === "delete") this.entities.drop(id);
        }
        return undefined;
      }
    }
  }

  async #sendUpdate(change: UpdateChange): Promise<Task> {
    const { id, patch, version } = change;
    let task: Task;
    try {
      task = await this.#api.patch<Task>(`/api/task/${id}`, patch, { version });
    } catch (error) {
      // The first attempt arrived and its response was lost: the task is as wanted.
      const current = error instanceof ApiError && error.status === 412 ? error.problem.current : undefined;
      if (!current || !contains(current, patch)) throw error;
      task = current;
    }
    this.entities.put(task);
    // Later changes of this task were made on top of this one.
    this.queue.value = this.queue.peek().map((one) => {
      if (one === change || one.kind === "bulk" || one.kind === "create" || one.id !== id) return one;
      const isOnTop = task.version === version + 1 && one.version === version;
      const sameFields = one.kind === "update" && Object.keys(one.patch).some((field) => field in patch);
      return isOnTop || sameFields ? { ...one, version: task.version } : one;
    });
    return task;
  }

  /** The changes that wait behind a creation refer to the id that the server has given. */
  #renumber(from: number, to: number, version: number): void {
    this.queue.value = this.queue.peek().map((one) => {
      if (one.kind === "bulk") {
        const operations = one.operations.map((each) =>
          "id" in each && each.id === from ? { ...each, id: to } : each,
        );
        return { ...one, operations };
      }
      return one.kind !== "create" && one.id === from ? { ...one, id: to, version } : one;
    });
    this.entities.refresh([to]);
  }

  #refuse(change: Change, error: unknown): void {
    const isConflict = error instanceof ApiError && error.status === 412 && error.problem.current;
    if (isConflict && (change.kind === "update" || change.kind === "delete")) {
      const { current, conflicts: fields = {} } = error.problem;
      this.entities.put(current as Task);
      this.conflicts.value = [...this.conflicts.peek(), { change, current: current as Task, fields }];
    }
    if (error instanceof ApiError && error.status === 404 && change.kind === "update") this.entities.drop(change.id);
    this.#settle(change);
    const waiting = this.#waitingOf(change);
    if (waiting) waiting.reject(error);
    else this.onRefused(error, change);
  }

  #settle(change: Change): void {
    this.#replaceQueue(
      this.queue.peek().filter((one) => one.key !== change.key),
      idsOf(change),
    );
  }

  #waitingOf({ key }: Change): Waiting | undefined {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    return waiting;
  }

  #replaceQueue(changes: readonly Change[], others: number[] = []): void {
    this.queue.value = changes;
    this.entities.refresh([...changes.flatMap(idsOf), ...others]);
    this.#save();
  }

  #save(): void {
    if (!this.#userId) return;
    const saved = { changes: [...this.queue.peek()], conflicts: [...this.conflicts.peek()] };
    // Private windows may have no storage: the queue then lives as long as the page.
    void this.#storage?.save(this.#userId, saved).catch(() => {});
  }
}

const FIELDS = [
  "id",
  "title",
  "description",
  "priority",
  "status",
  "due_date",
  "assigned_to",
  "created_by",
  "created_at",
  "updated_at",
  "version",
] as const satisfies (keyof Task)[];

/** A task without the fields that only messages have. */
function pick(message: Task): Task {
  return Object.fromEntries(FIELDS.map((field) => [field, message[field]])) as unknown as Task;
}
