import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient, MailPreferences } from "tms/api";
import { PreferenceStore } from "../preferences.ts";

const DEFAULTS: MailPreferences = {
  assigned: "immediate",
  updated: "immediate",
  due_soon: "immediate",
  own_changes: true,
  timezone: null,
  language: null,
};

/** An API that answers changes when told to. */
function makeApi() {
  const answers: { settle: (error?: Error) => void }[] = [];
  let saved = DEFAULTS;
  const patch = (_path: string, change: Partial<MailPreferences>) =>
    new Promise((resolve, reject) => {
      answers.push({
        settle: (error) => {
          if (error) return reject(error);
          saved = { ...saved, ...change };
          resolve(saved);
        },
      });
    });
  return { api: { get: async () => saved, patch } as unknown as ApiClient, answers };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

test("a change is shown before the server answers", async () => {
  const { api, answers } = makeApi();
  const store = new PreferenceStore(api);
  await store.load();

  const done = store.change({ updated: "off" });

  assert.equal(store.shown.value?.updated, "off");
  await tick();
  answers[0]?.settle();
  await done;
  assert.equal(store.shown.value?.updated, "off");
});

test("a refused change is taken back, and later ones stay", async () => {
  const { api, answers } = makeApi();
  const store = new PreferenceStore(api);
  await store.load();

  const refused = store.change({ updated: "off", assigned: "off" });
  const kept = store.change({ assigned: "off" });
  await tick();
  answers[0]?.settle(new Error("refused"));
  await assert.rejects(refused, /refused/);

  assert.deepEqual([store.shown.value?.updated, store.shown.value?.assigned], ["immediate", "off"]);
  await tick();
  answers[1]?.settle();
  await kept;
  assert.deepEqual(store.shown.value, { ...DEFAULTS, assigned: "off" });
});

test("changes are sent one after the other", async () => {
  const { api, answers } = makeApi();
  const store = new PreferenceStore(api);
  await store.load();

  void store.change({ own_changes: false });
  const last = store.change({ own_changes: true });
  await tick();
  assert.equal(answers.length, 1);
  answers[0]?.settle();
  await tick();
  assert.equal(store.shown.value?.own_changes, true);
  answers[1]?.settle();
  await last;

  assert.equal(store.shown.value?.own_changes, true);
});

test("nothing of a user is shown to the next one", async () => {
  const { api, answers } = makeApi();
  const store = new PreferenceStore(api);
  await store.load();

  const done = store.change({ timezone: "Europe/Berlin" });
  await tick();
  store.clear();
  answers[0]?.settle();
  await done;

  assert.equal(store.shown.value, null);
});
