/** Every message that the sources ask for exists in every language. */

import de from "catalogue:de";
import en from "catalogue:en";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const SOURCES = new URL("../src/", import.meta.url).pathname;
const STATUSES = ["PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED"];
const PRIORITIES = ["LOW", "MEDIUM", "HIGH", "URGENT"];
const CALL = /(?<![\w.])t\(\s*(["'`])(.+?)\1/gs;

const files = (readdirSync(SOURCES, { recursive: true }) as string[]).filter((path) => /\.tsx?$/.test(path));
const used = files.flatMap((path) =>
  [...withoutComments(readFileSync(join(SOURCES, path), "utf8")).matchAll(CALL)].map(([, quote, key]) => ({
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

function patternOf(key: string): RegExp {
  const parts = key.split(/\$\{[^}]*\}/).map((part) => part.replace(/\./g, "\\."));
  return new RegExp(`^${parts.join("\\w+")}$`);
}

function placeholders(message: string): string[] {
  return (message.match(/\{\w+\}/g) ?? []).sort();
}
