/** Every message that the sources ask for exists in every language. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import en from "catalogue:en";
import de from "catalogue:de";

const SOURCES = new URL("../src/", import.meta.url).pathname;
const STATUSES = ["PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED"];
const PRIORITIES = ["LOW", "MEDIUM", "HIGH", "URGENT"];
/** Keys that are put together; a new one is added here with its values. Those of errors are checked by `hasMessage`. */
const COMPOSED: Record<string, string[]> = {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are texts of sources
  "status.${status}": STATUSES.map((one) => `status.${one}`),
  "priority.${priority}": PRIORITIES.map((one) => `priority.${one}`),
  "error.${error.code}": [],
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: these are texts of sources
};
const CALL = /(?<![\w.])t\(\s*(["'`])(.+?)\1/gs;

const files = (readdirSync(SOURCES, { recursive: true }) as string[]).filter((path) => /\.tsx?$/.test(path));
const used = files.flatMap((path) =>
  [...withoutComments(readFileSync(join(SOURCES, path), "utf8")).matchAll(CALL)].flatMap(([, quote, key]) => {
    if (quote !== "`") return [{ path, key: key as string }];
    const keys = COMPOSED[key as string];
    assert.ok(keys, `${path} puts together the key ${key}, which this test does not know`);
    return keys.map((one) => ({ path, key: one }));
  }),
);

test("every key that is used has a message in English and German", () => {
  assert.ok(used.length > 50, "the pattern finds the calls");
  for (const [name, messages] of Object.entries({ en, de })) {
    const missing = used.filter(({ key }) => !(key in messages) && !(`${key}.other` in messages));
    assert.deepEqual(missing, [], `missing in ${name}`);
  }
});

test("English and German have the same keys and placeholders", () => {
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
  for (const [key, message] of Object.entries(en)) {
    assert.deepEqual(placeholders(de[key] as string), placeholders(message), key);
  }
});

test("no catalogue has a key of another", () => {
  const all = (readdirSync(SOURCES, { recursive: true }) as string[])
    .filter((path) => path.endsWith("en.json"))
    .flatMap((path) => Object.keys(JSON.parse(readFileSync(join(SOURCES, path), "utf8"))));
  assert.deepEqual(
    all.filter((key, index) => all.indexOf(key) !== index),
    [],
  );
});

function withoutComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, "").replace(/^\s*\/\/.*$/gm, "");
}

function placeholders(message: string): string[] {
  return (message.match(/\{\w+\}/g) ?? []).sort();
}
