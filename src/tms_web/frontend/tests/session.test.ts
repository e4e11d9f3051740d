import assert from "node:assert/strict";
import { test } from "node:test";
import { keepEarly } from "../src/api/early.ts";
import { ApiError } from "../src/api/errors.ts";
import { SessionStore } from "../src/api/session.ts";
import { config } from "../src/module/config.ts";

function answering(answer: unknown, calls: string[] = []): typeof fetch {
  return async (path) => {
    calls.push(String(path));
    return Response.json(answer);
  };
}

test("a browser without a session is signed out, and no account is asked for", async () => {
  const calls: string[] = [];
  const session = new SessionStore({}, answering({ access: null }, calls));
  await session.restore();
  assert.equal(session.state.value, "out");
  assert.deepEqual(calls, ["/api/web-session/refresh"]);
});

test("requests go below the path under which a proxy serves TMS", async () => {
  const calls: string[] = [];
  config.base = "/tms";
  try {
    await new SessionStore({}, answering({ access: null }, calls)).restore();
  } finally {
    config.base = "";
  }
  assert.deepEqual(calls, ["/tms/api/web-session/refresh"]);
});

test("a request without a session fails with 401", async () => {
  const session = new SessionStore({}, answering({ access: null }));
  await assert.rejects(session.api.get("/api/tasks"), (error) => error instanceof ApiError && error.status === 401);
});

test("a session that the server ends is revoked; one that the user ends is not", async () => {
  let isRevoked = false;
  const send: typeof fetch = async (path) => {
    if (isRevoked) return Response.json({ status: 401 }, { status: 401 });
    return Response.json(path === "/api/users/me" ? { id: 1 } : { access: "a" });
  };
  const session = new SessionStore({}, send);
  await session.restore();
  assert.equal(session.state.value, "in");
  isRevoked = true;
  await assert.rejects(session.api.get("/api/task"));
  assert.deepEqual([session.state.value, session.isRevoked.value], ["out", true]);

  isRevoked = false;
  await session.signIn({ username: "ann", password: "x" });
  assert.equal(session.isRevoked.value, false);
  await session.revokeAll();
  isRevoked = true;
  await assert.rejects(session.api.get("/api/task"));
  assert.deepEqual([session.state.value, session.isRevoked.value], ["out", false]);
});

test("a prefetched response is used once, and not when it was dropped or has failed", async () => {
  const calls: string[] = [];
  const send: typeof fetch = async (path) => {
    calls.push(String(path));
    if (path === "/api/gone") return Response.json({ status: 404 }, { status: 404 });
    return Response.json({ access: "a", number: calls.length });
  };
  const { api } = new SessionStore({}, send);
  await Promise.all([api.prefetch("/api/task", { page_size: 100 }), api.prefetch("/api/gone")]);
  assert.equal(calls.length, 3);

  assert.deepEqual(await api.get("/api/task", { page_size: 50 }), { access: "a", number: 4 });
  const first = await api.get<{ number: number }>("/api/task", { page_size: 100 });
  assert.ok(first.number <= 3);
  assert.equal((await api.get<{ number: number }>("/api/task", { page_size: 100 })).number, 5);
  await assert.rejects(api.get("/api/gone"), (error) => error instanceof ApiError && error.status === 404);
  assert.equal(calls.length, 6);

  await api.prefetch("/api/task", { page_size: 100 });
  api.dropPrefetched();
  assert.equal((await api.get<{ number: number }>("/api/task", { page_size: 100 })).number, 8);
});

test("the position that comes with a session is given once", async () => {
  const session = new SessionStore({}, answering({ access: "a", position: 7, id: 1 }));
  assert.equal(session.takePosition(), null);
  await session.restore();
  assert.deepEqual([session.takePosition(), session.takePosition()], [7, null]);
});

test("what was requested before the modules were loaded is requested once more only if that failed", async () => {
  const calls: string[] = [];
  const before = globalThis.fetch;
  globalThis.fetch = async (url) => {
    calls.push(String(url));
    return Response.json({ id: 1 });
  };
  try {
    const failed = Promise.reject(new TypeError("Failed to fetch"));
    failed.catch(() => {});
    const early = { access: "early" };
    keepEarly(
      new Map([
        ["POST /api/web-session/refresh", Promise.resolve(Response.json(early))],
        ["GET /api/users/me", failed],
      ]),
    );
    const session = new SessionStore({ firstDelay: 1 });
    await session.restore();
    assert.deepEqual([session.state.value, session.user.value?.id, calls], ["in", 1, ["/api/users/me"]]);
  } finally {
    globalThis.fetch = before;
  }
});
