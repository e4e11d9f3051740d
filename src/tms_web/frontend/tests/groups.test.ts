import assert from "node:assert/strict";
import { test } from "node:test";
import { Rows, type ShownSection } from "../src/pages/list/rows.ts";
import { columnStyle, moveColumn, readColumns } from "../src/tasks/columns.ts";
import { groupsOf } from "../src/tasks/groups.ts";
import { readView } from "../src/tasks/query.ts";
import { isSameQuery, savedQuery } from "../src/tasks/saved-views/query.ts";

const TODAY = "2026-11-27";
const read = (text: string) => readView(new URLSearchParams(text));
const filters = (text: string, grouping: "status" | "priority" | "assignee" | "due") =>
  groupsOf(read(text), grouping, TODAY, [null, 7]).map(({ key, query }) => [key, query.filters]);

test("groups are the values of the field that the filters leave", () => {
  assert.deepEqual(filters("status=COMPLETED,PENDING&q=a", "status"), [
    ["PENDING", { status: ["PENDING"], q: "a" }],
    ["COMPLETED", { status: ["COMPLETED"], q: "a" }],
  ]);
  assert.deepEqual(
    filters("", "priority").map(([key]) => key),
    ["URGENT", "HIGH", "MEDIUM", "LOW"],
  );
  assert.deepEqual(filters("", "assignee"), [
    ["none", { assigned_to: ["none"] }],
    ["7", { assigned_to: [7] }],
  ]);
});

test("groups of due dates have every task once", () => {
  assert.deepEqual(filters("", "due"), [
    ["overdue", { due_date_lte: "2026-11-26", status: ["PENDING", "IN_PROGRESS"] }],
    ["today", { due_date_gte: TODAY, due_date_lte: TODAY }],
    ["tomorrow", { due_date_gte: "2026-11-28", due_date_lte: "2026-11-28" }],
    ["week", { due_date_gte: "2026-11-29", due_date_lte: "2026-12-03" }],
    ["later", { due_date_gte: "2026-12-04" }],
    ["none", { due_date: ["none"] }],
    ["past", { due_date_lte: "2026-11-26", status: ["COMPLETED", "ARCHIVED"] }],
  ]);
  assert.deepEqual(filters("due=2026-11-28..2026-11-30", "due"), [
    ["tomorrow", { due_date_gte: "2026-11-28", due_date_lte: "2026-11-28" }],
    ["week", { due_date_gte: "2026-11-29", due_date_lte: "2026-11-30" }],
  ]);
  assert.deepEqual(filters("due=none", "due"), [["none", { due_date: ["none"] }]]);
  assert.deepEqual(filters("due=overdue", "due"), [
    ["overdue", { due_date_lte: "2026-11-26", status: ["PENDING", "IN_PROGRESS"] }],
  ]);
});

test("rows are heads, tasks and ends in one sequence", () => {
  const section = (key: string, ids: number[], hasMore: boolean, isCollapsed = false) =>
    ({
      key,
      isCollapsed,
      hasHead: true,
      list: { ids: { value: ids }, hasMore: { value: hasMore }, state: { value: "ready" } },
    }) as unknown as ShownSection;
  const rows = new Rows([section("a", [5, 4], true), section("b", [9], false, true), section("c", [3], false)]);

  assert.deepEqual(
    Array.from({ length: rows.count }, (_, index) => rows.keyOf(index)),
    ["head a", 5, 4, "end a", "head b", "head c", 3],
  );
  assert.deepEqual(rows.ids, [5, 4, 3]);
  assert.deepEqual([rows.indexOf(4), rows.indexOf(3), rows.indexOf(9)], [2, 6, -1]);
  assert.deepEqual([rows.headOf(3), rows.headOf(6)], [0, 5]);
  assert.deepEqual(
    rows.endingIn(0, 2, 2).map(({ key }) => key),
    ["a"],
  );
  assert.deepEqual(rows.endingIn(4, 6, 40), []);
});

test("columns are known ones in the chosen order", () => {
  assert.deepEqual(readColumns(["id", "title", "status", "id"]), ["id", "status"]);
  assert.deepEqual(moveColumn(["id", "status", "priority"], "priority", -1), ["id", "priority", "status"]);
  assert.deepEqual(moveColumn(["id", "status"], "id", -1), ["id", "status"]);
  assert.equal(columnStyle(["id"])["--columns"], "2.75rem minmax(16rem, 1fr) 5rem");
});

test("a saved view has the parameters of its page, in any order, without what changes every day", () => {
  const query = (text: string) => new URLSearchParams(text);
  assert.equal(
    savedQuery("/tasks", query("saved=3&q=&due=today&status=PENDING,COMPLETED")),
    "status=PENDING,COMPLETED&due=today",
  );
  assert.equal(
    savedQuery("/calendar", query("date=2026-11-27&creator=me&view=week&saved=3&group=due")),
    "view=week&creator=me",
  );
  assert.equal(savedQuery("/my-tasks", query("status=PENDING&q=a+b")), "q=a+b");
  assert.ok(isSameQuery("/board", "group=priority&status=PENDING", "status=PENDING&group=priority&saved=1"));
  assert.ok(!isSameQuery("/board", "group=priority", "group=assignee"));
});
