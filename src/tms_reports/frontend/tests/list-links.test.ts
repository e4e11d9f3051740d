import assert from "node:assert/strict";
import { test } from "node:test";
import { pageOf } from "../list-links.ts";

test("a list of the API opens as the page with the same filters", () => {
  assert.equal(
    pageOf("/api/task?status=PENDING,IN_PROGRESS&assigned_to=2&due_date_lt=2026-11-27&q=big%20fence"),
    "/tasks?status=PENDING,IN_PROGRESS&assignee=2&due=..2026-11-26&q=big+fence",
  );
  assert.equal(
    pageOf("/api/task?due_date_gte=2026-11-27&due_date_lte=2026-11-28&created_by=me"),
    "/tasks?creator=me&due=2026-11-27..2026-11-28",
  );
  assert.equal(pageOf("/api/task?due_date=2026-11-27"), "/tasks?due=2026-11-27..2026-11-27");
  assert.equal(pageOf("/api/task?due_date=none&assigned_to=none"), "/tasks?assignee=none&due=none");
  assert.equal(pageOf("/api/task"), "/tasks");
});

test("of several bounds of the due date, the narrower ones count", () => {
  assert.equal(
    pageOf("/api/task?due_date_gte=2026-11-01&due_date_lte=2026-11-30&due_date_lt=2026-11-27&due_date_gt=2026-11-03"),
    "/tasks?due=2026-11-04..2026-11-26",
  );
});

test("days of creation are a filter of the page", () => {
  assert.equal(
    pageOf("/api/task?status=PENDING&created_at_gte=2026-11-01&created_at_lte=2026-11-01"),
    "/tasks?status=PENDING&created=2026-11-01..2026-11-01",
  );
  assert.equal(pageOf("/api/task?created_at_lt=2026-11-01"), "/tasks?created=..2026-10-31");
});

test("a task opens in its panel", () => {
  assert.equal(pageOf("/api/task/42"), "/tasks/42");
});

test("lists of the reports have pages of their own", () => {
  assert.equal(
    pageOf("/api/task-report-insight/trend/tasks?number=open&to=2026-11-27&priority=HIGH"),
    "/reports/tasks/trend?number=open&to=2026-11-27&priority=HIGH",
  );
  assert.equal(pageOf("/api/task-report-insight/jobs/tasks?number=open"), null);
});

test("what the page cannot show is no link", () => {
  assert.equal(pageOf(null), null);
  assert.equal(pageOf("/api/task?created_at_gte=2026-11-01T12:00:00Z"), null);
  assert.equal(pageOf("/api/task?updated_at_gte=2026-11-01"), null);
  assert.equal(pageOf("/api/task?due_date=2026-11-27,2026-11-29"), null);
  assert.equal(pageOf("https://example.com/api/task"), null);
});
