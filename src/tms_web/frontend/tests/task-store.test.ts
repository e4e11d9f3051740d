import assert from "node:assert/strict";
import test from "node:test";
import { ApiError } from "../src/api/errors.ts";
import type { Task } from "../src/api/types.ts";
import type { TaskEvent } from "../src/realtime/feed.ts";
import { TaskStore } from "../src/store/tasks.ts";
import { heldClient } from "./held.ts";

const TASK = { id: 5, title: "Sweep", version: 3, status: "PENDING" } as Task;

/** The store of a signed-in user who sees TASK. */
async function startStore() {
  const client = heldClient();
  const store = new TaskStore(client.api);
  await store.start(1);
  store.entities.put(TASK);
  return { ...client, store };
}

function eventOf(event: TaskEvent["event"], { id, ...fields }: Task): TaskEvent {
  return { ...fields, event, task_id: id, event_id: 9, actor: 2, changes: [] };
}

function isStatus(status: number) {
  return (error: unknown) => error instanceof ApiError && error.status === status;
}

test("a task that the user has deleted is back when the deletion is undone", async () => {
  const { store, next } = await startStore();
  const removed = store.remove(5);
  const request = await next();
  store.applyEvent(eventOf("deleted", TASK));
  request.answer({});
  await removed;
  assert.equal(store.entities.peek(5), undefined);

  store.entities.put({ ...TASK, version: 4 });
  assert.equal(store.entities.peek(5)?.version, 4);
});

test("tasks that were deleted together are back when that is undone", async () => {
  const { store, next } = await startStore();
  const removed = store.bulk([{ op: "delete", id: 5, version: null }]);
  (await next()).answer({ results: [{ id: 5, task: null }] });
  await removed;
  store.entities.put(TASK);
  assert.equal(store.entities.peek(5), undefined);

  store.entities.put({ ...TASK, version: 4 });
  assert.equal(store.entities.peek(5)?.version, 4);
});

test("a task that was restored before the response to its deletion came stays", async () => {
  const { store, next } = await startStore();
  const removed = store.remove(5);
  const request = await next();
  store.applyEvent(eventOf("created", { ...TASK, version: 4 }));
  request.answer({});
  await removed;
  assert.equal(store.entities.peek(5)?.version, 4);
});

test("a task whose change was refused since it was gone is seen again when it is restored", async () => {
  const { store, next } = await startStore();
  const changed = store.change(5, { title: "Rake" });
  (await next()).answer({}, 404);
  await assert.rejects(changed, isStatus(404));
  assert.equal(store.entities.peek(5), undefined);

  store.entities.put({ ...TASK, version: 4 });
  assert.equal(store.entities.peek(5)?.version, 4);
});
