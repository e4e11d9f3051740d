import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report } from "tms/api";
import { EMPTY_VIEW, type ListView, readView, toListQuery } from "tms/tasks";
import { figuresOf, topOf } from "../figures.ts";
import { pauseAfter } from "../pause.ts";

const TODAY = "2026-11-27";
const REPORT: Report = {
  total: 10,
  completed: 3,
  pending: 4,
  tasks_by_priority: { LOW: 0, MEDIUM: 6, HIGH: 3, URGENT: 1 },
  tasks_by_status: { PENDING: 4, IN_PROGRESS: 2, COMPLETED: 3, ARCHIVED: 1 },
  tasks_assigned: { bob: 4, ann: 2, zoe: 1, tom: 1 },
  tasks_created: { ann: 10 },
  tasks_due_soon: 2,
  overdue: 1,
  unassigned: 2,
  completion_rate: 0.3,
  generated_at: "2026-11-27T12:00:00Z",
  as_of_event: 12,
  elapsed_ms: 3,
  threads: 1,
  mode: "scan",
  user_ids: { ann: 1, bob: 2, zoe: 3, tom: 4 },
  // The page makes its own, of the filters in its address.
  urls: {
    total: null,
    completed: null,
    pending: null,
    tasks_by_priority: {},
    tasks_by_status: {},
    tasks_assigned: {},
    tasks_created: {},
    tasks_due_soon: null,
    overdue: null,
    unassigned: null,
  },
};

/** What the list behind an address asks the API for. */
function filtersOf(href: string | null) {
  const [path, search] = (href ?? "").split("?");
  assert.equal(path, "/tasks");
  return toListQuery(readView(new URLSearchParams(search)), TODAY).filters;
}

function figures(view: Partial<ListView> = {}, reportDay = TODAY) {
  return figuresOf(REPORT, { ...EMPTY_VIEW, ...view }, TODAY, reportDay);
}

test("each number opens the list with the filters of what it counts", () => {
  const { total, completed, pending, overdue, dueSoon, unassigned, byPriority, assigned, created } = figures();

  assert.deepEqual(filtersOf(total.href), {});
  assert.deepEqual(filtersOf(completed.href), { status: ["COMPLETED"] });
  assert.deepEqual(filtersOf(pending.href), { status: ["PENDING"] });
  assert.deepEqual(filtersOf(overdue.href), { status: ["PENDING", "IN_PROGRESS"], due_date_lte: "2026-11-26" });
  assert.deepEqual(filtersOf(dueSoon.href), {
    status: ["PENDING"],
    due_date_gte: "2026-11-27",
    due_date_lte: "2026-11-28",
  });
  assert.deepEqual(filtersOf(unassigned.href), { assigned_to: ["none"] });
  assert.deepEqual(filtersOf(byPriority[0]?.href ?? null), { priority: ["URGENT"] });
  assert.deepEqual(filtersOf(assigned[0]?.href ?? null), { assigned_to: [2] });
  assert.deepEqual(filtersOf(created[0]?.href ?? null), { created_by: [1] });
});

test("days are those of the server, whose report it is", () => {
  const { overdue, dueSoon } = figures({}, "2026-11-28");

  assert.equal(filtersOf(overdue.href).due_date_lte, "2026-11-27");
  assert.equal(filtersOf(dueSoon.href).due_date_gte, "2026-11-28");
});

test("the filters of the report stay in the lists", () => {
  const { total, overdue, dueSoon, unassigned } = figures({
    status: ["PENDING", "COMPLETED"],
    creator: ["me"],
    q: "fence",
    due: "week",
  });

  assert.deepEqual(filtersOf(total.href).due_date_lte, "2026-12-03");
  assert.deepEqual(filtersOf(unassigned.href), {
    status: ["PENDING", "COMPLETED"],
    assigned_to: ["none"],
    created_by: ["me"],
    q: "fence",
    due_date_gte: "2026-11-27",
    due_date_lte: "2026-12-03",
  });
  assert.deepEqual(filtersOf(dueSoon.href), {
    status: ["PENDING"],
    created_by: ["me"],
    q: "fence",
    due_date_gte: "2026-11-27",
    due_date_lte: "2026-11-28",
  });
  assert.equal(overdue.href, null, "nothing is overdue in the week to come");
});

test("a filter for overdue tasks and one for a single day limit the days of the links", () => {
  assert.deepEqual(filtersOf(figures({ due: "overdue" }).overdue.href), {
    status: ["PENDING", "IN_PROGRESS"],
    due_date_lte: "2026-11-26",
  });
  assert.deepEqual(filtersOf(figures({ due: "today" }).dueSoon.href), {
    status: ["PENDING"],
    due_date_gte: "2026-11-27",
    due_date_lte: "2026-11-27",
  });
  assert.equal(figures({ due: "none" }).dueSoon.href, null);
});

test("nothing is a link where nothing is counted", () => {
  const { byPriority } = figures();

  assert.deepEqual(byPriority.at(-1), { key: "LOW", count: 0, href: null });
});

test("the users beyond the first are one figure, which opens the list of all their tasks", () => {
  const view: ListView = { ...EMPTY_VIEW, priority: ["HIGH"] };
  const { assigned } = figures(view);

  const { top, others } = topOf(assigned, 2, REPORT, view, "assignee");

  assert.deepEqual(
    top.map(({ key }) => key),
    ["bob", "ann"],
  );
  assert.deepEqual([others.users, others.count], [2, 2]);
  assert.deepEqual(filtersOf(others.href), { priority: ["HIGH"], assigned_to: [3, 4] });
  // A single other one is shown by name.
  assert.equal(topOf(assigned, 3, REPORT, view, "assignee").top.length, 4);
});

test("a report is read again the later the longer it takes", () => {
  assert.deepEqual([1, 1000, 30_000].map(pauseAfter), [2_000, 20_000, 60_000]);
});
