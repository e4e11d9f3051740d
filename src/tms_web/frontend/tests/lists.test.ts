import assert from "node:assert/strict";
import test from "node:test";
import { ApiClient } from "../src/api/client.ts";
import type { Task } from "../src/api/types.ts";
import { TaskEntities } from "../src/store/entities.ts";
import { TaskList } from "../src/store/lists.ts";

const TASK = { title: "Sweep", version: 1, status: "PENDING", due_date: "2030-05-15" } as Task;
const RENEWAL = { access: () => "token", renew: () => Promise.resolve("token") };

/** A list whose pages are answered by the test, in the order of the requests. */
function listOf(entities: TaskEntities) {
  const requests: ((response: Response) => void)[] = [];
  const api = new ApiClient(RENEWAL, {}, () => new Promise((resolve) => requests.push(resolve)));
  const list = new TaskList(api, entities, { filters: { due_date: ["2030-05-15"] }, ordering: ["id"] }, 1);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    list,
    requested: async () => {
      while (!requests.length) await turn();
    },
    answer: async (...results: Task[]) => {
      while (!requests.length) await turn();
      requests.shift()?.(Response.json({ results, next: null }));
      while (list.isLoadingMore.peek()) await turn();
    },
  };
}

test("a first page that is older than a change of a task does not hide it", async () => {
  const entities = new TaskEntities(() => []);
  const { list, requested, answer } = listOf(entities);
  await requested();
  entities.put({ ...TASK, id: 7 });
  entities.put({ ...TASK, id: 2, version: 2, due_date: "2030-05-16" });
  assert.deepEqual(list.ids.peek(), []);
  await answer({ ...TASK, id: 2 }, { ...TASK, id: 5 });
  assert.deepEqual([list.state.peek(), list.ids.peek()], ["ready", [5, 7]]);
});

test("a list that is read again keeps a task that came meanwhile", async () => {
  const entities = new TaskEntities(() => []);
  const { list, requested, answer } = listOf(entities);
  await answer({ ...TASK, id: 5 });
  const reloaded = list.reload();
  await requested();
  entities.put({ ...TASK, id: 7 });
  await answer({ ...TASK, id: 5 });
  await reloaded;
  assert.deepEqual(list.ids.peek(), [5, 7]);
});
