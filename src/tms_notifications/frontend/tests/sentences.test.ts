import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { addMessages, loadCatalogue } from "tms/i18n";
import { dayText } from "../days.ts";
import { partsOf, sentencesOf } from "../sentences.ts";

await loadCatalogue("en");
addMessages({ en: JSON.parse(readFileSync(new URL("../en.json", import.meta.url), "utf8")) });

const ann = { id: 1, username: "ann" };
const name = (id: number) => ({ 2: "Bob Berg" })[id];
const textsOf = (kind: "assigned" | "updated", changes: Record<string, unknown[]>, actor: typeof ann | null = ann) =>
  sentencesOf({ kind, actor, changes }, name).map((sentence) =>
    partsOf(sentence)
      .map(({ text, isValue }) => (isValue ? `[${text}]` : text))
      .join(""),
  );

test("one change is one sentence, whose values stand apart", () => {
  assert.deepEqual(textsOf("updated", { status: ["PENDING", "COMPLETED"] }), [
    "[ann] changed the status: [Pending] → [Completed]",
  ]);
});

test("several changes are a list", () => {
  assert.deepEqual(textsOf("updated", { due_date: [null, "2031-03-01"], assigned_to: [2, null], colour: ["a", "b"] }), [
    "[ann] changed this task:",
    "Due date: [none] → [Mar 1, 2031]",
    "Assignee: [Bob Berg] → [nobody]",
    "[colour]: [a] → [b]",
  ]);
});

test("values that look like placeholders stay as they are", () => {
  assert.deepEqual(textsOf("updated", { title: ["{to}", "{actor}"] }), ["[ann] changed the title: [{to}] → [{actor}]"]);
});

test("the actor is TMS, or an account that is gone", () => {
  assert.deepEqual(textsOf("assigned", {}, null), ["[TMS] assigned this task to you"]);
  assert.deepEqual(textsOf("assigned", {}, { id: 9, username: null } as never), [
    "[A former user] assigned this task to you",
  ]);
});

test("days are today, yesterday, or dates", () => {
  assert.equal(dayText("2027-03-02", "2027-03-02"), "Today");
  assert.equal(dayText("2027-03-01", "2027-03-02"), "Yesterday");
  assert.match(dayText("2027-02-20", "2027-03-02"), /Saturday/);
});
