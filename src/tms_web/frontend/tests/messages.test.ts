/** Every message that the sources ask for exists in every language: those of the shell and those of the packages. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const PACKAGES = new URL("../../../", import.meta.url).pathname;
const FOLDERS = readdirSync(PACKAGES)
  .map((name) => join(PACKAGES, name, name === "tms_web" ? "frontend/src" : "frontend"))
  .filter((folder) => existsSync(folder));
const STATUSES = ["PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED"];
const PRIORITIES = ["LOW", "MEDIUM", "HIGH", "URGENT"];
const CALL = /(?<![\w.])t\(\s*(["'`])(.+?)\1/gs;

const files = FOLDERS.flatMap((folder) =>
  (readdirSync(folder, { recursive: true }) as string[]).map((path) => join(folder, path)),
);
const catalogues = (locale: string) =>
  files
    .filter((path) => path.endsWith(`/${locale}.json`))
    .map((path) => JSON.parse(readFileSync(path, "utf8")) as Record<string, string>);
const en: Record<string, string> = Object.assign({}, ...catalogues("en"));
const de: Record<string, string> = Object.assign({}, ...catalogues("de"));
const sources = files.filter((path) => /(?<!\.test)\.tsx?$/.test(path));
const used = sources.flatMap((path) =>
  [...withoutComments(readFileSync(path, "utf8")).matchAll(CALL)].map(([, quote, key]) => ({
    path,
    key: key as string,
    isComposed: quote === "`",
  })),
);

test("every key that is used has a message in English and German", () => {
  assert.ok(used.length > 50, "the pattern finds the calls");
  for (const [name, messages] of Object.entries({ en, de })) {
    const known = Object.keys(messages).map((key) => key.replace(/\.(one|other)$/, ""));
    // Of a key that is put together, at least one value exists.
    const isKnown = (key: string, isComposed: boolean) =>
      isComposed ? known.some((one) => patternOf(key).test(one)) : known.includes(key);
    const missing = used.filter(({ key, isComposed }) => !isKnown(key, isComposed));
    assert.deepEqual(missing, [], `missing in ${name}`);
  }
});

test("every status and every priority has a name", () => {
  for (const key of [...STATUSES.map((one) => `status.${one}`), ...PRIORITIES.map((one) => `priority.${one}`)]) {
    assert.ok(en[key] && de[key], key);
  }
});

test("English and German have the same keys and placeholders", () => {
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
  for (const [key, message] of Object.entries(en)) {
    assert.deepEqual(placeholders(de[key] as string), placeholders(message), key);
  }
});

test("no catalogue has a key of another", () => {
  const all = catalogues("en").flatMap((one) => Object.keys(one));
  assert.deepEqual(
    all.filter((key, index) => all.indexOf(key) !== index),
    [],
  );
});

function withoutComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, "").replace(/^\s*\/\/.*$/gm, "");
}

function patternOf(key: string): RegExp {
  const parts = key.split(/\$\{[^}]*\}/).map((part) => part.replace(/\./g, "\\."));
  return new RegExp(`^${parts.join("\\w+")}$`);
}

function placeholders(message: string): string[] {
  return (message.match(/\{\w+\}/g) ?? []).sort();
}
