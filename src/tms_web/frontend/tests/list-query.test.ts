import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_VIEW, hasFilters, readView, toggleOrdering, toListQuery, writeView } from "../src/tasks/query.ts";
import { Selection } from "../src/tasks/selection.ts";

const TODAY = "2026-11-27";
const read = (text: string) => readView(new URLSearchParams(text));

test("a view survives the address", () => {
  const text =
    "?status=PENDING,COMPLETED&priority=HIGH&assignee=me,none,3&creator=me&due=week&q=a+b&ordering=-priority,title";
  assert.equal(writeView(read(text)), text);
  assert.equal(writeView(EMPTY_VIEW), "");
});

test("unknown values are left out", () => {
  const view = read("status=DONE&priority=HIGH,x&assignee=-1,bob,7&creator=none&due=later&ordering=assigned_to,-id");
  assert.equal(writeView(view), "?priority=HIGH&assignee=7&ordering=-id");
});

test("due dates count from today", () => {
  assert.deepEqual(toListQuery(read("due=week"), TODAY).filters, {
    due_date_gte: "2026-11-27",
    due_date_lte: "2026-12-03",
  });
  assert.deepEqual(toListQuery(read("due=today"), TODAY).filters, { due_date: [TODAY] });
});

test("a range of due dates is in the address, in the right order and with open ends", () => {
  assert.equal(writeView(read("due=2026-11-30..2026-11-01")), "?due=2026-11-01..2026-11-30");
  assert.deepEqual(toListQuery(read("due=2026-11-01.."), TODAY).filters, { due_date_gte: "2026-11-01" });
  assert.deepEqual(toListQuery(read("due=..2026-11-30"), TODAY).filters, { due_date_lte: "2026-11-30" });
  assert.deepEqual(toListQuery(read("due=month"), "2028-02-10").filters, {
    due_date_gte: "2028-02-01",
    due_date_lte: "2028-02-29",
  });
  for (const text of ["..", "2026-02-30..", "a..b", "2026-01-01..2026-01-02..2026-01-03"]) {
    assert.equal(read(`due=${text}`).due, null, text);
  }
});

test("days of creation are a range in the address", () => {
  assert.equal(writeView(read("created=2026-11-30..2026-11-01")), "?created=2026-11-01..2026-11-30");
  assert.deepEqual(toListQuery(read("created=2026-11-01..2026-11-30"), TODAY).filters, {
    created_at_gte: "2026-11-01",
    created_at_lte: "2026-11-30",
  });
  assert.deepEqual(toListQuery(read("created=..2026-11-30"), TODAY).filters, { created_at_lte: "2026-11-30" });
  assert.equal(read("created=today").created, null);
  assert.equal(hasFilters(read("created=2026-11-01..")), true);
});

test("what is done is not overdue, unless the status is asked for", () => {
  assert.deepEqual(toListQuery(read("due=overdue"), TODAY).filters, {
    due_date_lt: TODAY,
    status: ["PENDING", "IN_PROGRESS"],
  });
  assert.deepEqual(toListQuery(read("due=overdue&status=COMPLETED"), TODAY).filters, {
    due_date_lt: TODAY,
    status: ["COMPLETED"],
  });
});

test("an order is no filter", () => {
  assert.equal(hasFilters(read("ordering=title")), false);
  assert.equal(hasFilters(read("q=rent")), true);
});

test("a column head orders up, down and not at all", () => {
  assert.deepEqual(toggleOrdering([], "title", false), ["title"]);
  assert.deepEqual(toggleOrdering(["title"], "title", false), ["-title"]);
  assert.deepEqual(toggleOrdering(["-title"], "title", false), []);
  assert.deepEqual(toggleOrdering(["title"], "due_date", false), ["due_date"]);
});

test("with Shift the other columns stay", () => {
  assert.deepEqual(toggleOrdering(["title"], "due_date", true), ["title", "due_date"]);
  assert.deepEqual(toggleOrdering(["title", "due_date"], "title", true), ["-title", "due_date"]);
  assert.deepEqual(toggleOrdering(["-title", "due_date"], "title", true), ["due_date"]);
});

test("a range goes from the row that was toggled last", () => {
  const selection = new Selection();
  selection.toggle(5);
  selection.extend(2, [6, 5, 4, -1, 3, 2, 1]);
  // A task without a number of the server is left out.
  assert.deepEqual([...selection.ids.value], [5, 4, 3, 2]);
});

test("without a selection the focused row is meant", () => {
  const selection = new Selection();
  selection.focused.value = 4;
  assert.deepEqual(selection.targets(), [4]);
  selection.toggle(2);
  assert.deepEqual(selection.targets(), [2]);
});

test("rows that leave the list leave the selection", () => {
  const selection = new Selection();
  selection.selectAll([1, 2, 3]);
  selection.retain([3, 1]);
  assert.deepEqual([...selection.ids.value], [1, 3]);
});
