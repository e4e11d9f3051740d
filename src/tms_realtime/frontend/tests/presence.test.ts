import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { effect } from "@preact/signals";
import { openTask } from "tms/store";
import { Presence } from "../presence.ts";

const DELAY = 250;

/** A connection that records what it is told. */
function makeLive() {
  const watched: number[][] = [];
  const viewed: (number | null)[] = [];
  const live = {
    watch: (ids: number[]) => void watched.push(ids),
    presence: (id: number | null) => void viewed.push(id),
  };
  return { live, watched, viewed };
}

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  mock.timers.reset();
  openTask.value = null;
});

test("tasks that come and go while the page scrolls are watched by one message", () => {
  const { live, watched } = makeLive();
  const presence = new Presence();
  presence.attach(live);

  presence.show(7);
  const hide = presence.show(8);
  presence.show(3);
  hide();
  assert.deepEqual(watched, []);
  mock.timers.tick(DELAY);

  assert.deepEqual(watched, [[3, 7]]);
  presence.show(8)();
  mock.timers.tick(DELAY);
  assert.deepEqual(watched, [[3, 7]]);
});

test("a task is watched until no place of the page shows it", () => {
  const { live, watched } = makeLive();
  const presence = new Presence();
  presence.attach(live);
  const hides = [presence.show(7), presence.show(7)];
  mock.timers.tick(DELAY);
  presence.receive({ 7: [2] });

  hides[0]?.();
  mock.timers.tick(DELAY);
  assert.deepEqual(presence.viewersOf(7).value, [2]);
  const viewers = presence.viewersOf(7);
  hides[1]?.();
  mock.timers.tick(DELAY);

  assert.deepEqual(watched, [[7], []]);
  // Nobody would say when they leave.
  assert.deepEqual(viewers.value, []);
});

test("a row that is rendered while the watched tasks change gets its viewers", () => {
  const { live } = makeLive();
  const presence = new Presence();
  presence.attach(live);
  presence.show(7);
  const seen: (readonly number[])[] = [];
  const stop = effect(() => {
    seen.push(presence.viewersOf(8).value);
  });
  mock.timers.tick(DELAY);
  presence.show(8);
  mock.timers.tick(DELAY);

  presence.receive({ 8: [2] });

  assert.deepEqual(seen.at(-1), [2]);
  stop();
});

test("no more tasks are watched than the server allows", () => {
  const { live, watched } = makeLive();
  const presence = new Presence();
  presence.attach(live);

  for (let id = 1; id <= 250; id++) presence.show(id);
  mock.timers.tick(DELAY);

  assert.equal(watched.length, 1);
  assert.equal(watched[0]?.length, 200);
});

test("a new connection is told everything, and an ended one shows no viewers", () => {
  const presence = new Presence();
  const viewers = presence.viewersOf(7);
  presence.show(7);
  openTask.value = 5;
  const first = makeLive();
  const second = makeLive();

  presence.attach(first.live);
  presence.receive({ 7: [2, 3] });
  assert.deepEqual(viewers.value, [2, 3]);
  presence.detach();
  assert.deepEqual(viewers.value, []);
  presence.look(6);
  presence.attach(second.live);
  presence.look(null);

  assert.deepEqual([first.watched, first.viewed], [[[7]], [5]]);
  assert.deepEqual([second.watched, second.viewed], [[[7]], [5, null]]);
});
