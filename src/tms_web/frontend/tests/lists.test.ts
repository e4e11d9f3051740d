import assert from "node:assert/strict";
import test from "node:test";
import type { Task } from "../src/api/types.ts";
import { TaskEntities } from "../src/store/entities.ts";
import type { ListQuery } from "../src/store/filters.ts";
import { TaskList } from "../src/store/lists.ts";
import { heldClient, pageOf, turn } from "./held.ts";

const TASK = { title: "Sweep", version: 1, status: "PENDING", due_date: "2030-05-15" } as Task;

/** A list whose pages are answered by the test, in the order of the requests. */
function listOf(query: Partial<ListQuery> = { filters: { due_date: ["2030-05-15"] } }) {
  const { api, waiting, next } = heldClient();
  const entities = new TaskEntities(() => []);
  const list = new TaskList(api, entities, { filters: {}, ordering: ["id"], ...query }, 1);
  return {
    entities,
    list,
    requested: async () => {
      while (!waiting.length) await turn();
    },
    answer: async (results: readonly Task[], hasMore = false) => {
      (await next()).answer(pageOf(results, hasMore));
      while (list.isLoadingMore.peek()) await turn();
    },
  };
}

test("a first page that is older than a change of a task does not hide it", async () => {
  const { entities, list, requested, answer } = listOf();
  await requested();
  entities.put({ ...TASK, id: 7 });
  entities.put({ ...TASK, id: 2, version: 2, due_date: "2030-05-16" });
  assert.deepEqual(list.ids.peek(), []);
  await answer([
    { ...TASK, id: 2 },
    { ...TASK, id: 5 },
  ]);
  assert.deepEqual([list.state.peek(), list.ids.peek()], ["ready", [5, 7]]);
});

test("a list that is read again keeps a task that came meanwhile", async () => {
  const { entities, list, requested, answer } = listOf();
  await answer([{ ...TASK, id: 5 }]);
  const reloaded = list.reload();
  await requested();
  entities.put({ ...TASK, id: 7 });
  await answer([{ ...TASK, id: 5 }]);
  await reloaded;
  assert.deepEqual(list.ids.peek(), [5, 7]);
});

test("a task that went while a page was on its way does not come back with it", async () => {
  const { entities, list, requested, answer } = listOf();
  await requested();
  entities.drop(5);
  await answer([{ ...TASK, id: 5 }]);
  assert.deepEqual(list.ids.peek(), []);

  entities.put({ ...TASK, id: 5, version: 2 });
  assert.deepEqual(list.ids.peek(), [5]);
});
