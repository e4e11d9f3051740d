import assert from "node:assert/strict";
import { test } from "node:test";
import { isBeginning, type Pressed } from "../src/module/keys.ts";
import { findPage, matchPath } from "../src/shell/routes.ts";

const page = (path: string) => ({ path, title: () => path, load: () => Promise.reject(new Error("not loaded here")) });
const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

test("a path fits a pattern part by part", () => {
  assert.deepEqual(matchPath("/tasks/:id", "/tasks/42"), { id: "42" });
  assert.deepEqual(matchPath("/a/:name", "/a/b%2Fc"), { name: "b/c" });
  assert.equal(matchPath("/tasks/:id", "/tasks"), null);
  assert.equal(matchPath("/tasks/:id", "/tasks/"), null);
  assert.equal(matchPath("/tasks/:id", "/tasks/%"), null);
});

test("a page without parameters comes first", () => {
  const pages = [page("/tasks/:id"), page("/tasks/new")];
  assert.equal(findPage(pages, "/tasks/new")?.page.path, "/tasks/new");
  assert.equal(findPage(pages, "/tasks/7")?.page.path, "/tasks/:id");
  assert.equal(findPage(pages, "/board"), undefined);
});

test("a sequence begins with its first key", () => {
  assert.ok(isBeginning([press("g")], "g l"));
  assert.ok(isBeginning([press("g"), press("l")], "g l"));
  assert.ok(!isBeginning([press("l")], "g l"));
  assert.ok(!isBeginning([press("g"), press("l"), press("x")], "g l"));
});

test("modifier keys must be those of the shortcut", () => {
  assert.ok(isBeginning([press("k", { ctrlKey: true })], "mod+k"));
  assert.ok(isBeginning([press("k", { metaKey: true })], "mod+k"));
  assert.ok(!isBeginning([press("k")], "mod+k"));
  assert.ok(!isBeginning([press("c", { ctrlKey: true })], "c"));
  assert.ok(!isBeginning([press("C", { shiftKey: true })], "c"));
  assert.ok(isBeginning([press("X", { shiftKey: true })], "shift+x"));
});

test("a sign may need Shift", () => {
  assert.ok(isBeginning([press("?", { shiftKey: true })], "?"));
  assert.ok(isBeginning([press("?")], "?"));
});
