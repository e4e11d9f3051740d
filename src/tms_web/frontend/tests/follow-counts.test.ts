import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { api, type Task } from "tms/api";
import { type FeedSink, setFeedSource, startFeed, stopFeed } from "tms/realtime";
import { tasks } from "tms/store";
import { followCounts } from "../src/tasks/follow-counts.ts";
import { turn } from "./held.ts";

const PERIOD = 1_000;
const TASK = { id: 5, title: "Sweep", version: 1, status: "PENDING" } as Task;
let feed: FeedSink;
setFeedSource({
  start: async (_since, sink) => {
    feed = sink;
    return () => {};
  },
});

beforeEach(async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  await startFeed(1);
});
afterEach(() => {
  stopFeed();
  mock.timers.reset();
  mock.restoreAll();
});

async function pass(time: number) {
  await turn();
  mock.timers.tick(time);
  await turn();
}

/** Counts whose requests the test answers. */
function follow() {
  const requests: PromiseWithResolvers<void>[] = [];
  const stop = followCounts(() => {
    const request = Promise.withResolvers<void>();
    requests.push(request);
    return request.promise;
  }, PERIOD);
  return { requests, stop };
}

test("counts are read again once the user's own changes are stored", async () => {
  const { requests, stop } = follow();
  requests[0]?.resolve();
  const patched = Promise.withResolvers<unknown>();
  mock.method(api, "patch", () => patched.promise);
  tasks.entities.put(TASK);
  const changed = tasks.change(5, { title: "Rake" });
  await pass(PERIOD);
  assert.equal(requests.length, 1);

  patched.resolve({ ...TASK, version: 2, title: "Rake" });
  await changed;
  await pass(PERIOD);
  assert.equal(requests.length, 2);
  stop();
});

test("counts are read again after an event of a task that is not loaded, one request after the other", async () => {
  const { requests, stop } = follow();
  for (let event_id = 2; event_id <= 4; event_id++) {
    feed.onEvent({ ...TASK, task_id: 200, event: "deleted", event_id, actor: 2, changes: [] });
    await pass(PERIOD);
  }
  assert.equal(requests.length, 1);
  requests[0]?.resolve();
  await pass(0);
  assert.equal(requests.length, 2);
  requests[1]?.resolve();
  await pass(PERIOD);
  assert.equal(requests.length, 2);

  stop();
  feed.onEvent({ ...TASK, task_id: 201, event: "deleted", event_id: 5, actor: 2, changes: [] });
  await pass(PERIOD);
  assert.equal(requests.length, 2);
});

test("counts that failed are read again, less and less often", async () => {
  const { requests, stop } = follow();
  for (const wait of [2, 4, 8, 8]) {
    requests.at(-1)?.reject(new Error("away"));
    await pass((wait - 1) * PERIOD);
    const before = requests.length;
    await pass(PERIOD);
    assert.equal(requests.length, before + 1);
  }
  stop();
});
