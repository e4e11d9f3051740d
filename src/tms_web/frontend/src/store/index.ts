/** The store of the page: tasks, users, lists and the queue of changes. */
import { effect, signal } from "@preact/signals";
import { api, session, type TaskChanges } from "tms/api";
import { connection, listen, startFeed, stopFeed } from "tms/realtime";
import type { ListQuery } from "./filters.ts";
import { prefetchList, TaskList } from "./lists.ts";
import { IndexedDbQueue } from "./queue.ts";
import { SavedViewStore } from "./saved-views.ts";
import { TaskStore } from "./tasks.ts";
import { UserStore } from "./users.ts";

export type { Change, Conflict } from "./changes.ts";
export { clearDrafts, keepDraft, readDraft } from "./drafts.ts";
export {
  comparator,
  type Filters,
  keyOf,
  type ListQuery,
  matches,
  type OrderField,
  type Ordering,
  toParams,
} from "./filters.ts";
export type { ListState, TaskList } from "./lists.ts";
export { pathOfView, setStartView, startView } from "./saved-views.ts";
export { isUnsent } from "./tasks.ts";
export { nameOf } from "./users.ts";

export const tasks = new TaskStore(api, "indexedDB" in globalThis ? new IndexedDbQueue() : null);
export const users = new UserStore(api);
/** The task that the user is looking at, if any. */
export const openTask = signal<number | null>(null);
export const savedViews = new SavedViewStore(api);
const lists = new Set<TaskList>();
/** Resolves when the position of the event log is known from which the feed goes on. */
let start = Promise.withResolvers<void>();
const resets = new Set<() => void>();
const foreignChanges = new Set<(id: number) => void>();

/**
 * Opens a live list of the signed-in user; `close` it when the page leaves. It is read once the feed has its position: a
 * change between both would be missed.
 */
export function openList(query: ListQuery, pageSize?: number): TaskList {
  const list = new TaskList(api, tasks.entities, query, session.user.peek()?.id ?? 0, pageSize, start.promise);
  lists.add(list);
  return list;
}

/** Requests the first page of a list before the page that opens it is there. */
export function prefetch(query: ListQuery): void {
  prefetchList(api, query);
}

export function closeList(list: TaskList): void {
  list.dispose();
  lists.delete(list);
}

/** Calls back when events were missed and everything must be read again; returns the function that stops it. */
export function onReset(act: () => void): () => void {
  resets.add(act);
  return () => resets.delete(act);
}

/** Calls back with the id of a task that somebody else has changed; returns the function that stops it. */
export function onForeignChange(act: (id: number) => void): () => void {
  foreignChanges.add(act);
  return () => foreignChanges.delete(act);
}

/**
 * Starts for the signed-in user: the position of the event log first, so that no change is missed. `modules` settles when
 * the modules are loaded, one of which may bring a live source of changes.
 */
export async function startStore(userId: number, modules: Promise<void>): Promise<void> {
  const { resolve } = start;
  const position = positionOf();
  void position.then(() => resolve());
  await tasks.start(userId);
  void users.load().catch(() => {});
  void savedViews.load().catch(() => {});
  const since = await position;
  await modules;
  if (session.user.peek()?.id === userId) await startFeed(since);
}

async function positionOf(): Promise<number | undefined> {
  const given = session.takePosition();
  if (given !== null) return given;
  return api.get<TaskChanges>("/api/sync").then(
    ({ next }) => next,
    () => undefined,
  );
}

export function stopStore(): void {
  stopFeed();
  start = Promise.withResolvers();
  for (const list of lists) closeList(list);
  tasks.stop();
  users.clear();
  savedViews.clear();
}

listen({
  onEvent: (event) => {
    // A list that is opened from now on would not see the event, and its first page may be older.
    api.dropPrefetched();
    tasks.applyEvent(event);
    if (event.actor !== session.user.peek()?.id) for (const act of foreignChanges) act(event.task_id);
  },
  onChanges: (changed, gone) => {
    api.dropPrefetched();
    tasks.applyChanges(changed, gone);
  },
  onReset: () => {
    api.dropPrefetched();
    for (const list of lists) void list.reload();
    for (const act of resets) act();
  },
});

// The connection is back: what is queued can be sent.
effect(() => {
  if (connection.value === "open") tasks.flush();
});
globalThis.addEventListener?.("online", () => tasks.flush());
