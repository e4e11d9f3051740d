import assert from "node:assert/strict";
import test from "node:test";
import { effect, signal } from "@preact/signals";
import type { Task } from "../src/api/types.ts";
import { TaskEntities } from "../src/store/entities.ts";

const TASK = { title: "Sweep", version: 1, status: "PENDING" } as Task;

function holderOf(...ids: number[]) {
  const shown = signal<readonly number[]>(ids);
  const isLoading = signal(false);
  return {
    shown,
    isLoading,
    ids: () => shown.peek(),
    holder: { ids: () => shown.peek(), isLoading: () => isLoading.peek() },
  };
}

test("changes of tasks that nothing shows reach the listeners and are not kept", () => {
  const entities = new TaskEntities(() => []);
  const seen: number[] = [];
  entities.listen((id) => seen.push(id));
  for (let id = 1; id <= 1000; id++) entities.follow({ ...TASK, id });
  assert.equal(seen.length, 1000);
  assert.equal(entities.confirmed(500), undefined);
});

test("a task is kept for a list, for a component that follows it, and for a list that is loading", () => {
  const entities = new TaskEntities(() => []);
  const { holder, isLoading } = holderOf(1);
  entities.hold(holder);
  const titles: (string | undefined)[] = [];
  const stop = effect(() => {
    titles.push(entities.view(2).value?.title);
  });
  for (const id of [1, 2, 3]) entities.follow({ ...TASK, id });
  assert.deepEqual(titles, [undefined, "Sweep"]);
  assert.deepEqual(
    [1, 2, 3].map((id) => entities.confirmed(id)?.id),
    [1, 2, undefined],
  );
  isLoading.value = true;
  entities.follow({ ...TASK, id: 4 });
  assert.equal(entities.confirmed(4)?.id, 4);
  stop();
});

test("a task that was kept follows later versions", () => {
  const entities = new TaskEntities(() => []);
  entities.hold(holderOf(1).holder);
  entities.follow({ ...TASK, id: 1 });
  entities.follow({ ...TASK, id: 1, version: 2, title: "Rake" });
  assert.equal(entities.view(1).peek()?.title, "Rake");
});

test("what only a closed list showed is forgotten", () => {
  const entities = new TaskEntities(() => []);
  const first = holderOf(1, 2);
  const second = holderOf(2, 3);
  const closeFirst = entities.hold(first.holder);
  entities.hold(second.holder);
  for (const id of [1, 2, 3]) entities.put({ ...TASK, id });
  closeFirst();
  assert.deepEqual(
    [1, 2, 3].map((id) => entities.confirmed(id)?.id),
    [undefined, 2, 3],
  );
});

test("the deletion of a task that is not loaded reaches the listeners", () => {
  const entities = new TaskEntities(() => []);
  const seen: unknown[] = [];
  entities.listen((...change) => seen.push(change));
  entities.drop(1, 3);
  assert.deepEqual(seen, [[1, undefined, undefined]]);
});

test("a deletion that is told once more with an older version does not let a late response through", () => {
  const entities = new TaskEntities(() => []);
  entities.drop(1, 5);
  entities.drop(1, 3);
  entities.put({ ...TASK, id: 1, version: 4 });
  assert.equal(entities.peek(1), undefined);
});
