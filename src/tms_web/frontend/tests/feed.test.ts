import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { api } from "tms/api";
import { type FeedSink, listen, setFeedSource, startFeed, stopFeed } from "tms/realtime";
import "tms/store";

let live: FeedSink;
setFeedSource({
  start: async (_since, sink) => {
    live = sink;
    return () => {};
  },
});

beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
afterEach(() => {
  stopFeed();
  mock.timers.reset();
  mock.restoreAll();
});

/** How often everything was to be read again, once the live source has delivered, been interrupted and delivered again. */
async function resetsAfter(since: number | undefined): Promise<number> {
  let resets = 0;
  const stop = listen({ onEvent: () => {}, onChanges: () => {}, onReset: () => resets++ });
  await startFeed(since);
  for (const state of ["connecting", "open", "waiting", "open"] as const) live.onState(state);
  stop();
  return resets;
}

test("everything is read again once if the position from which the feed goes on is unknown", async () => {
  assert.equal(await resetsAfter(7), 0);
  assert.equal(await resetsAfter(undefined), 1);
});

test("a response that was requested ahead is not used when events were missed", async () => {
  const send = mock.method(api, "request", async () => ({ results: [] }));
  await startFeed(7);
  void api.prefetch("/api/task", {});
  live.onReset(9);
  await api.get("/api/task", {});
  assert.equal(send.mock.callCount(), 2);
});
