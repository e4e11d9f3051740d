import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setLanguage, t } from "tms/i18n";
import { sentences } from "../src/pages/task-panel/history-text.ts";

// Right-to-left override, pop directional formatting, right-to-left isolate, first strong isolate, pop directional isolate.
const [RLO, PDF, RLI, FSI, PDI] = ["\u202e", "\u202c", "\u2067", "\u2068", "\u2069"];

before(() => setLanguage("en"));

/** What of a text is outside of all isolates, each of which is written as `*`. */
function outside(text: string): string {
  let depth = 0;
  let found = "";
  for (const sign of text) {
    if (sign === PDI) {
      depth--;
      assert.ok(depth >= 0, "an isolate is ended that was not begun");
    } else if (/[\u2066-\u2068]/.test(sign)) {
      if (depth++ === 0) found += "*";
    } else if (depth === 0) found += sign;
  }
  assert.equal(depth, 0, "an isolate is not ended");
  return found;
}

test("a title or a name cannot turn the sentence that it is part of", () => {
  for (const title of [`${RLO}gnp.exe`, `a${PDI}${RLO}b`, `a${RLI}b`, `${FSI}${RLI}a${PDI}`, "שלום", `a${PDF}`]) {
    const sentence = t("taskPanel.deleted", { title });
    assert.equal(outside(sentence), t("taskPanel.deleted", { title: "*" }), JSON.stringify(title));
    const event = { event_id: 1, event: "updated", at: "", actor: 1, version: 2, changes: { title: ["Rent", title] } };
    const [step] = sentences(event as unknown as Parameters<typeof sentences>[0], undefined, () => `${RLO}ann`);
    assert.doesNotMatch(outside(step as string), /[\u202a-\u202e]|ann/);
    assert.match(outside(step as string), /Rent/);
  }
});

test("text that cannot turn anything stays as it is", () => {
  for (const title of ["Pay rent", "Größe prüfen: 50 %", "支払う 🎉", "2 × 3"])
    assert.equal(t("taskPanel.deleted", { title }), t("taskPanel.deleted").replace("{title}", title));
});

test("an isolate within an isolate stays balanced", () => {
  const inner = t("taskPanel.deleted", { title: `${RLO}x` });
  assert.equal(outside(t("taskPanel.undoStep", { step: inner })), t("taskPanel.undoStep", { step: "*" }));
});
