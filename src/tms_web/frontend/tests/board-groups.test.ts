import assert from "node:assert/strict";
import { test } from "node:test";
import type { PublicUser } from "tms/api";
import {
  chosenOrdering,
  columnQuery,
  columnsOf,
  orderPeople,
  patchOf,
  readGroup,
  shownOrdering,
} from "../src/pages/board/groups.ts";

const ME = 1;
const keys = (columns: { key: string }[]) => columns.map(({ key }) => key);
const user = (id: number, name: string): PublicUser => ({ id, username: name, first_name: "", last_name: "" });

test("the group comes from the address; anything unknown is by status", () => {
  assert.equal(readGroup(new URLSearchParams("group=assignee")), "assignee");
  assert.equal(readGroup(new URLSearchParams("group=colour")), "status");
  assert.equal(readGroup(new URLSearchParams()), "status");
});

test("there is a column for each value that the filters leave", () => {
  assert.deepEqual(keys(columnsOf("priority", {}, [], ME)), ["URGENT", "HIGH", "MEDIUM", "LOW"]);
  assert.deepEqual(keys(columnsOf("status", { status: ["ARCHIVED", "PENDING"] }, [], ME)), ["PENDING", "ARCHIVED"]);
  assert.deepEqual(keys(columnsOf("status", { priority: ["LOW"] }, [], ME)).length, 4);
  assert.deepEqual(keys(columnsOf("assignee", { assigned_to: ["me", "none"] }, [null, 1, 2], ME)), ["none", "1"]);
});

test("people: unassigned, oneself, those with tasks by name, then everybody else", () => {
  const users = [user(4, "dora"), user(3, "carl"), user(1, "zoe"), user(2, "bert")];
  // 9 has left and still has finished tasks.
  assert.deepEqual(orderPeople(users, new Set([4, 2, 9]), ME), [null, 1, 2, 4, 9, 3]);
});

test("a column has its value beside the other filters, and open urgent tasks first", () => {
  const [none] = columnsOf("assignee", {}, [null], ME);
  const query = { filters: { status: ["PENDING" as const], assigned_to: ["none" as const, 5] }, ordering: [] };
  assert.deepEqual(columnQuery(query, none!), {
    filters: { status: ["PENDING"], assigned_to: ["none"] },
    ordering: ["status", "-priority", "due_date"],
  });
  assert.deepEqual(patchOf(none!), { assigned_to: null });
  const [pending] = columnsOf("status", {}, [], ME);
  assert.deepEqual(columnQuery({ filters: {}, ordering: [] }, pending!).ordering, ["-priority", "due_date"]);
  assert.deepEqual(columnQuery({ filters: {}, ordering: ["title"] }, pending!).ordering, ["title"]);
});

test("the order menu and the address understand each other", () => {
  assert.deepEqual(shownOrdering([]), ["-priority", "due_date"]);
  assert.deepEqual(chosenOrdering(["-priority", "due_date"]), []);
  // The menu's "newest first" is no ordering, which has another meaning in the address of a board.
  assert.deepEqual(chosenOrdering([]), ["-id"]);
  assert.deepEqual(shownOrdering(["-id"]), []);
  assert.deepEqual(shownOrdering(chosenOrdering(["title"])), ["title"]);
});
