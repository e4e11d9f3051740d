import assert from "node:assert/strict";
import { test } from "node:test";
import { type FeedSink, onUserMessage, setFeedSource, startFeed, stopFeed, type UserMessage } from "tms/realtime";

test("control messages reach those who asked for their type, until they or the feed end", async () => {
  const sinks: FeedSink[] = [];
  setFeedSource({
    start: async (_since, sink) => {
      sinks.push(sink);
      return () => {};
    },
  });
  await startFeed(0);
  const seen: UserMessage[] = [];
  const stop = onUserMessage("report_job", (message) => seen.push(message));

  sinks[0]?.onMessage({ type: "report_job", id: 1 });
  sinks[0]?.onMessage({ type: "notification", id: 2 });
  stopFeed();
  sinks[0]?.onMessage({ type: "report_job", id: 3 });
  await startFeed(0);
  stop();
  sinks[1]?.onMessage({ type: "report_job", id: 4 });
  stopFeed();

  assert.deepEqual(seen, [{ type: "report_job", id: 1 }]);
});
