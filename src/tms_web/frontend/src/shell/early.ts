/**
 * Renews the session of the browser and asks for what every page begins with, before the modules are loaded. The server
 * writes this script into the page, which thus runs it while it is being parsed; `api/early.ts` hands its responses on.
 */
import { type EarlyResponses, keepEarly, lockOf, ME, REFRESH } from "../api/early.ts";
import type { WebSession } from "../api/types.ts";

const base = document.currentScript?.dataset.base ?? "";
const responses: EarlyResponses = new Map();
keepEarly(responses);

const renewal = keep("POST", REFRESH, request("POST", REFRESH));
// Not under the lock, which takes long to get while a page loads: the server answers tabs that renew at once alike. Later
// renewals wait for this one, so that its cookie does not replace a newer one.
void navigator.locks?.request(lockOf(base), () => renewal.catch(() => {}));
const access = renewal.then(async (response) => {
  const session: Partial<WebSession> = response.ok ? await response.clone().json() : {};
  if (!session.access) throw new Error("There is no session.");
  return session.access;
});
// Every page behind the sign-in has need of it.
access.then(() => import("tms/tasks")).catch(() => {});
keep(
  "GET",
  ME,
  access.then((token) => request("GET", ME, token)),
);

function request(method: string, path: string, token?: string): Promise<Response> {
  const headers = { Accept: "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  return fetch(base + path, { method, headers });
}

function keep(method: string, path: string, response: Promise<Response>): Promise<Response> {
  responses.set(`${method} ${base}${path}`, response);
  // Whoever takes it sends the request again.
  response.catch(() => {});
  return response;
}
