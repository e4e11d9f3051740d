import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { HistoryEvent } from "tms/api";
import { addMessages, setLanguage, timeZone } from "tms/i18n";
import { sentences } from "../src/pages/task-panel/history-text.ts";

const NAMES: Record<number, string> = { 1: "Ann Smith", 2: "Bob {to}", 3: "<b>Eve</b>" };
const name = (id: number) => NAMES[id] ?? "Unknown user";

function event(changes: HistoryEvent["changes"], more: Partial<HistoryEvent> = {}): HistoryEvent {
  return { event_id: 7, event: "updated", actor: 1, at: "2027-03-01T10:00:00Z", changes, ...more };
}

function texts(changes: HistoryEvent["changes"]): string[] {
  return sentences(event(changes), undefined, name);
}

before(async () => {
  timeZone.value = "UTC";
  addMessages({
    en: { "status.PENDING": "To do", "status.COMPLETED": "Done", "priority.LOW": "Low", "priority.URGENT": "Urgent" },
    de: { "status.PENDING": "Offen", "status.COMPLETED": "Erledigt", "priority.LOW": "Gering" },
  });
  await setLanguage("en");
});

test("each changed field is a sentence", () => {
  assert.deepEqual(texts({ status: ["PENDING", "COMPLETED"], priority: ["LOW", "URGENT"] }), [
    "Ann Smith changed the status from To do to Done",
    "Ann Smith changed the priority from Low to Urgent",
  ]);
  assert.deepEqual(texts({ title: ["Milk", "Bread"] }), ["Ann Smith changed the title from “Milk” to “Bread”"]);
});

test("setting, replacing and removing a value are told apart", () => {
  assert.deepEqual(texts({ due_date: [null, "2031-03-05"] }), ["Ann Smith set the due date to Mar 5, 2031"]);
  assert.deepEqual(texts({ due_date: ["2031-03-05", "2031-04-01"] }), [
    "Ann Smith moved the due date from Mar 5, 2031 to Apr 1, 2031",
  ]);
  assert.deepEqual(texts({ due_date: ["2031-03-05", null] }), ["Ann Smith removed the due date Mar 5, 2031"]);
  assert.deepEqual(texts({ description: ["", "long"] }), ["Ann Smith wrote a description"]);
  assert.deepEqual(texts({ description: ["long", "longer"] }), ["Ann Smith changed the description"]);
  assert.deepEqual(texts({ description: ["long", ""] }), ["Ann Smith removed the description"]);
});

test("people are named, whatever their names contain", () => {
  assert.deepEqual(texts({ assigned_to: [null, 2] }), ["Ann Smith assigned the task to Bob {to}"]);
  assert.deepEqual(texts({ assigned_to: [2, 3] }), ["Ann Smith reassigned the task from Bob {to} to <b>Eve</b>"]);
  assert.deepEqual(texts({ assigned_to: [9, null] }), ["Ann Smith took the task from Unknown user"]);
});

test("creation, deletion and restoring", () => {
  const created = event({}, { event: "created" });
  const deleted = event({}, { event: "deleted", actor: null });
  assert.deepEqual(sentences(created, undefined, name), ["Ann Smith created the task"]);
  assert.deepEqual(sentences(deleted, created, name), ["The command line deleted the task"]);
  assert.deepEqual(sentences(event({ assigned_to: [2, null] }, { event: "created" }), deleted, name), [
    "Ann Smith restored the task",
    "Ann Smith took the task from Bob {to}",
  ]);
});

test("a field that this version does not know is named", () => {
  assert.deepEqual(texts({ estimate: [1, 2] }), ["Ann Smith changed “estimate”"]);
});

test("the same in German", async () => {
  await setLanguage("de");
  assert.deepEqual(texts({ status: ["PENDING", "COMPLETED"] }), [
    "Ann Smith hat den Status von Offen in Erledigt geändert",
  ]);
  assert.deepEqual(texts({ due_date: [null, "2031-03-05"] }), [
    "Ann Smith hat die Fälligkeit auf den 5. März 2031 gesetzt",
  ]);
  assert.deepEqual(texts({ assigned_to: [2, 3] }), [
    "Ann Smith hat die Aufgabe statt Bob {to} nun <b>Eve</b> zugewiesen",
  ]);
  await setLanguage("en");
});
