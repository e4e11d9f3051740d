import assert from "node:assert/strict";
import test from "node:test";
import { ApiError } from "../src/api/errors.ts";
import type { Task } from "../src/api/types.ts";
import type { TaskEvent } from "../src/realtime/feed.ts";
import { isUnsent, TaskStore } from "../src/store/tasks.ts";
import { heldClient, turn } from "./held.ts";

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

test("settling a conflict does not overwrite a change that came after it", async () => {
  for (const decision of [{ title: "mine" }, "delete"] as const) {
    const { store, next } = await startStore();
    const refused = store.change(5, { title: "mine" });
    (await next()).answer({ current: { ...TASK, version: 5, title: "theirs" }, conflicts: { title: {} } }, 412);
    await assert.rejects(refused, isStatus(412));
    store.applyEvent(eventOf("updated", { ...TASK, version: 6, title: "third" }));

    const [conflict] = store.conflicts.peek();
    assert.ok(conflict);
    void store.resolve(conflict, decision);
    assert.equal((await next()).headers["If-Match"], '"5"');
  }
});

test("when the session ends, changes that wait are given back, and the next user is not offline", async () => {
  const { store, next } = await startStore();
  const changed = store.change(5, { title: "Rake" });
  const bulk = store.bulk([{ op: "delete", id: 5, version: null }]);
  // Once with a renewed token.
  for (let attempt = 1; attempt <= 2; attempt++) (await next()).answer({}, 401);
  while (!store.isOffline.peek()) await turn();

  store.stop();
  await assert.rejects(changed, isUnsent);
  await assert.rejects(bulk, isUnsent);
  assert.equal(store.isOffline.peek(), false);
});
