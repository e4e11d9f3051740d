import assert from "node:assert/strict";
import { test } from "node:test";
import { type ParseOptions, parseTask } from "../src/tasks/parse.ts";

const ANN = { id: 1, username: "ann", first_name: "Ann", last_name: "Lee" };
const BOB = { id: 2, username: "bob", first_name: "Robert", last_name: "Miller" };
const EVE = { id: 3, username: "eve.miller", first_name: "Eve", last_name: "Miller" };
// A Friday.
const TODAY = "2026-11-27";
const OPTIONS: ParseOptions = { today: TODAY, users: [ANN, BOB, EVE], me: 1 };

function parse(line: string, more: Partial<ParseOptions> = {}) {
  const { tokens, ...task } = parseTask(line, { ...OPTIONS, ...more });
  return task;
}

test("reads priority, user and day out of the line", () => {
  const task = parse("Pay rent !high @bob tomorrow");
  assert.deepEqual(task, { title: "Pay rent", priority: "HIGH", assigned_to: 2, due_date: "2026-11-28" });
});

test("reads German words", () => {
  const task = parse("Miete zahlen !dringend @mich übermorgen");
  assert.deepEqual(task, { title: "Miete zahlen", priority: "URGENT", assigned_to: 1, due_date: "2026-11-29" });
});

for (const [words, day] of [
  ["today", "2026-11-27"],
  ["heute", "2026-11-27"],
  ["Morgen", "2026-11-28"],
  ["day after tomorrow", "2026-11-29"],
  ["on Monday", "2026-11-30"],
  ["am Montag", "2026-11-30"],
  ["friday", "2026-12-04"],
  ["bis nächsten Mittwoch", "2026-12-02"],
  ["next week", "2026-11-30"],
  ["nächste Woche", "2026-11-30"],
  ["in 3 days", "2026-11-30"],
  ["in 2 Wochen", "2026-12-11"],
  ["by 2027-01-05", "2027-01-05"],
  ["24.12.", "2026-12-24"],
  ["1.3.", "2027-03-01"],
  ["01.03.2028", "2028-03-01"],
]) {
  test(`${words} is ${day}`, () => {
    assert.deepEqual(parse(`Water plants ${words}`), { title: "Water plants", due_date: day });
  });
}

test("the words may stand anywhere", () => {
  assert.deepEqual(parse("tomorrow !low call the bank"), {
    title: "call the bank",
    priority: "LOW",
    due_date: "2026-11-28",
  });
});

test("leaves alone what is not meant", () => {
  for (const line of [
    "Todaypaper and yesterday",
    "Mail to bob@ann.example",
    "Wow! high five",
    "Ask @nobody",
    "Party on 31.2.",
    "Release 2026-13-01",
    "Version 1.2.3",
    "Buy @Miller a cake",
  ]) {
    assert.deepEqual(parse(line), { title: line });
  }
});

test("finds a user by a name that only one has", () => {
  assert.equal(parse("Call @robert").assigned_to, 2);
  assert.equal(parse("Call @eve.miller").assigned_to, 3);
});

test("the last of several counts", () => {
  assert.deepEqual(parse("Plan tomorrow today !low !high"), {
    title: "Plan tomorrow !low",
    priority: "HIGH",
    due_date: "2026-11-27",
  });
});

test("an ignored word stays in the title", () => {
  assert.deepEqual(parse("Read Today", { ignored: new Set(["Today"]) }), { title: "Read Today" });
});

test("tokens tell what was typed", () => {
  const { tokens } = parseTask("Rent by friday @bob", OPTIONS);
  assert.deepEqual(
    tokens.map(({ kind, text }) => [kind, text]),
    [
      ["due", "by friday"],
      ["assignee", "@bob"],
    ],
  );
});
