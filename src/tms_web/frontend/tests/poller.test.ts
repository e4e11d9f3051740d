import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { session, type Task, type TaskChanges } from "tms/api";
import { Poller } from "../src/realtime/poller.ts";

const INTERVAL = 15_000;
const NOTHING: TaskChanges = { tasks: [], gone: [], next: 10, complete: true };
const page = Object.assign(new EventTarget(), { visibilityState: "visible" });

/** A poller whose requests get these answers in order, and what it has delivered. */
function makePoller(...answers: (Partial<TaskChanges> | Error)[]) {
  const asked: (number | undefined)[] = [];
  const delivered: unknown[] = [];
  let isNeeded = true;
  mock.method(session.api, "get", async (_path: string, { after }: { after?: number }) => {
    asked.push(after);
    const answer = answers.shift() ?? {};
    if (answer instanceof Error) throw answer;
    return { ...NOTHING, ...answer };
  });
  const poller = new Poller({
    onChanges: (tasks, gone) => delivered.push([tasks.map(({ id }) => id), gone]),
    onReset: () => delivered.push("reset"),
    isNeeded: () => isNeeded,
  });
  const setNeeded = (is: boolean) => {
    isNeeded = is;
  };
  return { poller, asked, delivered, setNeeded };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function pass(milliseconds: number): Promise<void> {
  mock.timers.tick(milliseconds);
  await settle();
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setInterval", "Date"] });
  Object.assign(globalThis, { document: page });
  page.visibilityState = "visible";
});
let started: Poller | undefined;
afterEach(() => {
  started?.stop();
  Reflect.deleteProperty(globalThis, "document");
  mock.timers.reset();
  mock.restoreAll();
});

function start(poller: Poller, position?: number): void {
  started = poller;
  poller.start(position);
}

test("changes are asked for after the position that is known", async () => {
  const { poller, asked, delivered } = makePoller({ tasks: [{ id: 4 } as Task], gone: [5], next: 12 }, {});
  start(poller, 10);

  await pass(INTERVAL - 1);
  assert.deepEqual(asked, []);
  await pass(1);
  await pass(INTERVAL);

  assert.deepEqual(asked, [10, 12]);
  assert.deepEqual(delivered, [[[4], [5]]]);
});

test("without a position, after a reset, and after too many changes, everything is read again", async () => {
  const { poller, asked, delivered } = makePoller(
    { next: 10 },
    { reset: true, next: 3 },
    { complete: false, next: 8, tasks: [{ id: 4 } as Task] },
    { next: 99 },
  );
  start(poller);

  await pass(INTERVAL);
  await pass(INTERVAL);
  assert.deepEqual(
    [asked, delivered],
    [
      [undefined, 10],
      ["reset", "reset"],
    ],
  );
  await pass(INTERVAL);

  // The second request of this turn finds the position after all of them.
  assert.deepEqual(asked, [undefined, 10, 3, undefined]);
  assert.deepEqual(delivered.slice(2), [[[4], []], "reset"]);
  assert.equal(poller.position, 99);
});

test("nothing is asked for by a hidden page, or while a live source delivers", async () => {
  const { poller, asked, setNeeded } = makePoller();
  start(poller, 10);

  page.visibilityState = "hidden";
  await pass(INTERVAL);
  page.visibilityState = "visible";
  setNeeded(false);
  await pass(INTERVAL);
  assert.deepEqual(asked, []);
  setNeeded(true);
  page.dispatchEvent(new Event("visibilitychange"));
  await settle();
  assert.deepEqual(asked, [10]);

  // Back again after a moment.
  await pass(2999);
  page.dispatchEvent(new Event("visibilitychange"));
  await settle();
  assert.equal(asked.length, 1);
  await pass(1);
  page.dispatchEvent(new Event("visibilitychange"));
  await settle();
  assert.equal(asked.length, 2);
});

test("a failed request is repeated at the next turn, and the live source may be ahead", async () => {
  const { poller, asked } = makePoller(new Error("away"), { next: 12 });
  start(poller, 10);

  await pass(INTERVAL);
  poller.position = 20;
  await pass(INTERVAL);

  assert.deepEqual(asked, [10, 20]);
  assert.equal(poller.position, 20);
});

test("an answer that comes after the end is not delivered", async () => {
  const { poller, delivered } = makePoller({ gone: [5] });
  start(poller, 10);

  mock.timers.tick(INTERVAL);
  poller.stop();
  await settle();
  await pass(INTERVAL);

  assert.deepEqual([delivered, poller.position], [[], 10]);
});
