import assert from "node:assert/strict";
import { test } from "node:test";
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
