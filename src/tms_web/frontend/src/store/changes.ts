/** A change of the user that the server has not confirmed yet. */
import type { BulkOperation, FieldConflict, NewTask, Task, TaskChange } from "tms/api";
import { newKey } from "tms/api";

interface Common {
  /** Idempotency key; also identifies the change in the queue. */
  key: string;
  /** When the user made it, in milliseconds since the epoch. */
  at: number;
}

export interface CreateChange extends Common {
  kind: "create";
  /** A negative id until the server gives one. */
  id: number;
  task: NewTask;
  createdBy: number;
}

export interface UpdateChange extends Common {
  kind: "update";
  id: number;
  patch: TaskChange;
  /** The version that the user saw. */
  version: number;
}

export interface DeleteChange extends Common {
  kind: "delete";
  id: number;
  version: number;
}

export interface BulkChange extends Common {
  kind: "bulk";
  operations: BulkOperation[];
}

export type Change = CreateChange | UpdateChange | DeleteChange | BulkChange;

/** A change that was refused because the task had changed meanwhile (412); it is kept until the user has decided. */
export interface Conflict {
  change: UpdateChange | DeleteChange;
  current: Task;
  /** The fields that both sides changed: base, theirs, yours. Empty for a deletion. */
  fields: Record<string, FieldConflict>;
}

// `Omit` of a union would keep only the common fields.
type WithoutCommon<T> = T extends Change ? Omit<T, keyof Common> : never;

export function newChange<T extends WithoutCommon<Change>>(change: T): T & Common {
  return { ...change, key: newKey(), at: Date.now() };
}

/** The task as it looks with a change; undefined if the change deletes it. */
export function applyChange(task: Task | undefined, change: Change): Task | undefined {
  switch (change.kind) {
    case "create":
      return task ?? provisionalTask(change);
    case "update":
      return task && { ...task, ...definedOf(change.patch) };
    case "delete":
      return undefined;
    case "bulk":
      return task && applyBulk(task, change.operations);
  }
}

/** The ids of the tasks that a change concerns. */
export function idsOf(change: Change): number[] {
  if (change.kind !== "bulk") return [change.id];
  return change.operations.flatMap((operation) => ("id" in operation ? [operation.id] : []));
}

/** Whether a task has all values of a patch already. */
export function contains(task: Task, patch: TaskChange): boolean {
  return Object.entries(definedOf(patch)).every(([field, value]) => task[field as keyof Task] === value);
}

function applyBulk(task: Task, operations: BulkOperation[]): Task | undefined {
  const result = { ...task };
  for (const operation of operations) {
    if (operation.op === "create" || operation.id !== task.id) continue;
    if (operation.op === "delete") return undefined;
    Object.assign(result, definedOf(operation.task));
  }
  return result;
}

function provisionalTask({ id, task, createdBy, at }: CreateChange): Task {
  const now = new Date(at).toISOString();
  const defaults = {
    description: "",
    priority: "MEDIUM",
    status: "PENDING",
    due_date: null,
    assigned_to: null,
  } as const;
  const server = { id, created_by: createdBy, created_at: now, updated_at: now, version: 0 };
  return { ...defaults, ...definedOf(task), ...server } as Task;
}

/** `version` belongs to the request, not to the task. */
function definedOf(patch: object): Partial<Task> {
  return Object.fromEntries(
    Object.entries(patch).filter(([name, value]) => value !== undefined && name !== "version"),
  ) as Partial<Task>;
}
