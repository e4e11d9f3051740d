import assert from "node:assert/strict";
import { mock, test } from "node:test";
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
    next,
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

test("whoever loads more waits for the page that is on its way, also when the list is read again", async () => {
  const { list, requested, answer } = listOf();
  await answer([{ ...TASK, id: 1 }], true);
  void list.loadMore();
  let isDone = false;
  const more = list.loadMore().then(() => {
    isDone = true;
  });
  await turn();
  assert.equal(isDone, false);
  await answer([{ ...TASK, id: 2 }], true);
  await more;

  isDone = false;
  void list.reload();
  const again = list.loadMore().then(() => {
    isDone = true;
  });
  await requested();
  assert.equal(isDone, false);
  await answer([{ ...TASK, id: 1 }]);
  await again;
  assert.deepEqual(list.ids.peek(), [1]);
});

test("a search gets its page while tasks change, and is read once more after them", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { entities, list, next, requested, answer } = listOf({ filters: { q: "sweep" } });
  const first = await next();
  for (let version = 1; version <= 5; version++) {
    entities.put({ ...TASK, id: 99, version });
    mock.timers.tick(200);
    await turn();
  }
  first.answer(pageOf([{ ...TASK, id: 1 }]));
  await requested();
  assert.deepEqual([list.state.peek(), list.ids.peek()], ["ready", [1]]);

  await answer([
    { ...TASK, id: 1 },
    { ...TASK, id: 99, version: 5 },
  ]);
  assert.deepEqual(list.ids.peek(), [1, 99]);
  list.dispose();
  mock.timers.reset();
});

const DAYS = { filters: {}, ordering: ["due_date"] } as const satisfies ListQuery;
const taskOf = (id: number, day: number, version = 1) => ({ ...TASK, id, version, due_date: `2030-01-0${day}` });

test("a task that a later page has once more is where that page has it", async () => {
  for (const hasMore of [false, true]) {
    const { list, answer } = listOf(DAYS);
    await answer([taskOf(1, 1), taskOf(2, 2)], true);
    void list.loadMore();
    await answer([taskOf(3, 3), taskOf(1, 4, 2)], hasMore);
    assert.deepEqual(list.ids.peek(), [2, 3, 1]);
  }
});

test("the last task that has moved back follows the tasks of the next page", async () => {
  const { entities, list, answer } = listOf(DAYS);
  await answer([taskOf(1, 1), taskOf(2, 2)], true);
  entities.put(taskOf(2, 5, 2));
  assert.deepEqual(list.ids.peek(), [1, 2]);
  void list.loadMore();
  await answer([taskOf(3, 3)], true);
  assert.deepEqual(list.ids.peek(), [1, 3]);
  void list.loadMore();
  await answer([taskOf(4, 4), taskOf(2, 5, 2)]);
  assert.deepEqual(list.ids.peek(), [1, 3, 4, 2]);
});
