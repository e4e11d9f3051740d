import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionStore } from "../src/api/session.ts";
import { UserStore } from "../src/store/users.ts";

const COUNT = 1_250;
const everybody = Array.from({ length: COUNT }, (_, index) => ({
  id: index + 1,
  username: `user${index + 1}`,
  first_name: "",
  last_name: "",
  is_active: true,
}));

/** The users of an installation, in pages. */
function server(calls: string[]): typeof fetch {
  return async (path) => {
    const { pathname, searchParams } = new URL(String(path), "http://localhost");
    if (pathname === "/api/web-session/refresh") return Response.json({ access: "a" });
    calls.push(pathname + (searchParams.get("q") ? "?q" : ""));
    const id = pathname.match(/[0-9]+$/)?.[0];
    if (id) return Response.json(everybody[Number(id) - 1]);
    const [size, number] = [Number(searchParams.get("page_size")), Number(searchParams.get("page") ?? 1)];
    const found = everybody.filter(({ username }) => username.includes(searchParams.get("q") ?? ""));
    const next = found.length > number * size ? `/api/users?page=${number + 1}` : null;
    return Response.json({ count: found.length, next, results: found.slice((number - 1) * size, number * size) });
  };
}

test("users beyond the first thousand are found by searching for them", async () => {
  const calls: string[] = [];
  const users = new UserStore(new SessionStore({}, server(calls)).api);
  await users.load();
  assert.equal(users.all.value.length, 1_000);
  assert.ok(users.isPartial.value);

  await users.search("user1234");
  assert.ok(users.all.value.some(({ username }) => username === "user1234"));
  assert.equal(users.all.value.length, 1_001);
});

test("while the users load, none is asked for alone; who is missing then is asked for once", async () => {
  const calls: string[] = [];
  const users = new UserStore(new SessionStore({}, server(calls)).api);
  const loading = users.load();
  assert.equal(users.get(1_200), undefined);
  await loading;
  assert.deepEqual([...new Set(calls)], ["/api/users"]);

  assert.equal(users.get(1_200), undefined);
  users.get(1_200);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(users.get(1_200)?.username, "user1200");
  assert.deepEqual(calls.slice(5), ["/api/users/1200"]);
});

test("a menu without a text reads the first users again, but not at once", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 0 });
  const calls: string[] = [];
  const users = new UserStore(new SessionStore({}, server(calls)).api);
  await users.load();
  await users.search("");
  assert.equal(calls.length, 5);

  context.mock.timers.tick(11_000);
  await users.search("");
  assert.equal(calls.length, 6);
});
