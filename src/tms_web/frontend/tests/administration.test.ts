import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient, ListedUser, Setting, SystemProcess, UserPage } from "../src/api/index.ts";
import { bySeverity } from "../src/pages/administration/doctor/severity.ts";
import { groupSettings } from "../src/pages/administration/settings/filter.ts";
import { usualVersion, versionsOf } from "../src/pages/administration/system/versions.ts";
import { pathOf, readQuery, toParams } from "../src/pages/administration/users/query.ts";
import { UserPages } from "../src/pages/administration/users/user-pages.ts";

const PORT: Setting = {
  name: "tms.api_port",
  variable: "TMS_API_PORT",
  package: "tms_core",
  type: "int",
  value: "8000",
  default: "8000",
  source: "default",
  is_secret: false,
  is_set: true,
  help: "Port that tms api listens on.",
};
const KEY: Setting = {
  ...PORT,
  name: "tms.key",
  variable: "TMS_KEY",
  value: null,
  default: null,
  is_secret: true,
  help: "",
};
const CACHE: Setting = { ...PORT, name: "tms.api.cache", package: "tms_api", value: "5", default: "300", help: "" };

function names(q: string, isChangedOnly = false): string[] {
  return [...groupSettings([PORT, KEY, CACHE], { q, isChangedOnly }).values()].flat().map(({ name }) => name);
}

test("settings are found by all words of a search, in any field", () => {
  assert.deepEqual(names("LISTENS api"), ["tms.api_port"]);
  assert.deepEqual(names("listens cache"), []);
  assert.deepEqual(names("TMS_KEY"), ["tms.key"]);
});

test("settings that differ from the default are those with another value, and secrets that are set", () => {
  assert.deepEqual(names("", true), ["tms.key", "tms.api.cache"]);
});

test("a query of users is the address, and unknown filters are ignored", () => {
  const query = { q: "a b", show: "disabled" } as const;
  const path = pathOf(query);

  assert.equal(path, "/administration/users?q=a+b&show=disabled");
  assert.deepEqual(readQuery(new URLSearchParams(path.split("?")[1])), query);
  assert.deepEqual(toParams(query), { q: "a b", is_active: false });
  assert.deepEqual(readQuery(new URLSearchParams("show=none")), { q: "", show: "all" });
});

test("only the versions of processes that run are compared", () => {
  const process = (version: string | null, is_alive: boolean) => ({ version, is_alive }) as SystemProcess;
  const processes = [
    process("2", true),
    process("1", true),
    process("2", true),
    process("0", false),
    process(null, true),
  ];

  assert.deepEqual(versionsOf(processes), ["1", "2"]);
  assert.equal(usualVersion(processes), "2");
});

test("findings that need attention come first", () => {
  const finding = (status: "ok" | "warning" | "bad") => ({ check: status, status, message: "", advice: null });

  const sorted = bySeverity([finding("ok"), finding("warning"), finding("bad"), finding("ok")]);

  assert.deepEqual(
    sorted.map(({ status }) => status),
    ["bad", "warning", "ok", "ok"],
  );
});

test("users are read by the pages in sight, each once, and a change that is refused is taken back", async () => {
  const asked: number[] = [];
  const user = (id: number) => ({ id, username: `u${id}`, is_active: true }) as ListedUser;
  const api = {
    get: async (_path: string, { page }: { page: number }): Promise<UserPage> => {
      asked.push(page);
      const results = Array.from({ length: 100 }, (_, index) => user((page - 1) * 100 + index));
      return { count: 1000, next: null, previous: null, results };
    },
  } as unknown as ApiClient;
  const pages = new UserPages(api, {});

  await pages.ensure(0, 20);
  await pages.ensure(10, 30);
  await pages.ensure(495, 505);
  const undo = pages.patch(500, { is_active: false });
  assert.equal(pages.byIndex.value.get(500)?.is_active, false);
  undo();

  assert.deepEqual(asked, [1, 5, 6]);
  assert.equal(pages.count.value, 1000);
  assert.equal(pages.byIndex.value.get(500)?.is_active, true);
  assert.equal(pages.byIndex.value.get(200), undefined);
  await pages.refresh(495, 505);
  assert.deepEqual(asked, [1, 5, 6, 5, 6]);
  assert.equal(pages.byIndex.value.get(0), undefined);
});
