import assert from "node:assert/strict";
import { test } from "node:test";
import { type Box, nearest, scrollSpeed } from "../src/tasks/drag/geometry.ts";

/** Days of a calendar: 3 columns, 2 rows. */
const GRID: Box[] = [0, 1].flatMap((row) =>
  [0, 1, 2].map((column) => ({ left: column * 100, top: row * 80, right: column * 100 + 90, bottom: row * 80 + 70 })),
);

test("arrow keys go to the neighbour in the grid, and stop at its edge", () => {
  assert.equal(nearest(GRID, 1, "right"), 2);
  assert.equal(nearest(GRID, 1, "left"), 0);
  assert.equal(nearest(GRID, 1, "down"), 4);
  assert.equal(nearest(GRID, 4, "up"), 1);
  assert.equal(nearest(GRID, 0, "left"), -1);
  assert.equal(nearest(GRID, 2, "up"), -1);
  assert.equal(nearest(GRID, 9, "up"), -1);
});

test("columns of different heights are neighbours all the same", () => {
  const columns = [0, 1, 2].map((place) => ({
    left: place * 300,
    top: 0,
    right: place * 300 + 280,
    bottom: 200 + place * 400,
  }));
  assert.equal(nearest(columns, 0, "right"), 1);
  assert.equal(nearest(columns, 2, "left"), 1);
});

test("scrolling is faster the closer the pointer is to the edge, and none in the middle", () => {
  assert.equal(scrollSpeed(300, 0, 600), 0);
  assert.ok(scrollSpeed(20, 0, 600) < scrollSpeed(50, 0, 600));
  assert.ok(scrollSpeed(50, 0, 600) < 0);
  assert.equal(scrollSpeed(-40, 0, 600), scrollSpeed(0, 0, 600));
  assert.equal(scrollSpeed(590, 0, 600), -scrollSpeed(10, 0, 600));
});
