import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { JSDOM } from "jsdom";
import { api, session, type User } from "tms/api";
import { connection } from "tms/realtime";

const POLL_INTERVAL = 30_000;

mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
globalThis.document = new JSDOM("", { pretendToBeVisual: true }).window.document;
const { followInbox, inbox } = await import("../live.ts");

const tick = () => new Promise((resolve) => setImmediate(resolve));

test("the bell gets its number though the first attempt to read it failed, also with a live connection", async () => {
  let isAway = true;
  const get = mock.method(api, "get", async () => {
    if (isAway) throw new Error("away");
    return { results: [], next: null, unread: 3 };
  });
  followInbox();
  session.user.value = { id: 1 } as User;
  connection.value = "open";
  mock.timers.tick(1_000);
  await tick();
  assert.deepEqual([get.mock.callCount(), inbox.unread.value], [1, null]);

  isAway = false;
  mock.timers.tick(POLL_INTERVAL);
  mock.timers.tick(1_000);
  await tick();
  assert.equal(inbox.unread.value, 3);

  mock.timers.tick(POLL_INTERVAL);
  mock.timers.tick(1_000);
  assert.equal(get.mock.callCount(), 2);
});
