import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { api } from "tms/api";
import { isMuted, loadMute, setMuted } from "../mutes.ts";

afterEach(() => mock.restoreAll());

/** Reads and changes that the test answers. */
function holdRequests() {
  const read = Promise.withResolvers<{ is_muted: boolean }>();
  const changed = Promise.withResolvers<void>();
  mock.method(api, "get", () => read.promise);
  mock.method(api, "request", () => changed.promise);
  return { read, changed };
}

test("an answer from before a mute does not undo it", async () => {
  const { read, changed } = holdRequests();
  const loaded = loadMute(1);
  changed.resolve();
  await setMuted(1, true);
  read.resolve({ is_muted: false });
  await loaded;
  assert.equal(isMuted(1), true);
});

test("what is read while a mute is on its way does not outlast it", async () => {
  for (const isReadFirst of [true, false]) {
    const { read, changed } = holdRequests();
    const muted = setMuted(2, true);
    const loaded = loadMute(2);
    const steps = [
      () => {
        read.resolve({ is_muted: false });
        return loaded;
      },
      () => {
        changed.resolve();
        return muted;
      },
    ];
    for (const step of isReadFirst ? steps : steps.reverse()) await step();
    assert.equal(isMuted(2), true);
  }
});

test("a mute that failed is taken back, unless a later change replaced it", async () => {
  const first = holdRequests();
  const muted = setMuted(3, true);
  assert.equal(isMuted(3), true);
  first.changed.reject(new Error("refused"));
  await muted;
  assert.equal(isMuted(3), undefined);

  const second = holdRequests();
  const again = setMuted(3, true);
  const third = holdRequests();
  const ended = setMuted(3, false);
  third.changed.resolve();
  await ended;
  second.changed.reject(new Error("refused"));
  await again;
  assert.equal(isMuted(3), false);
});
