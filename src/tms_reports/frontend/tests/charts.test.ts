import assert from "node:assert/strict";
import { test } from "node:test";
import { labelled, ticksTo } from "../charts/scale.ts";

test("the ticks of an axis are round, whole numbers, and the last one is not below the largest value", () => {
  assert.deepEqual(ticksTo(0), [0, 1]);
  assert.deepEqual(ticksTo(3), [0, 1, 2, 3]);
  assert.deepEqual(ticksTo(7), [0, 2, 4, 6, 8]);
  assert.deepEqual(ticksTo(41), [0, 20, 40, 60]);
  assert.deepEqual(ticksTo(1_000), [0, 500, 1_000]);
});

test("of many days, as many are labelled as fit, the last one always", () => {
  assert.deepEqual(labelled(0, 5), []);
  assert.deepEqual(labelled(1, 5), [0]);
  assert.deepEqual(labelled(7, 7), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(labelled(30, 4), [9, 19, 29]);
  assert.deepEqual(labelled(30, 0).at(-1), 29);
});
