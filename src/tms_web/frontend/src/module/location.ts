/** Where the user is: the path below the base path, and the query. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { config } from "./config.ts";

export interface Location {
  path: string;
  query: URLSearchParams;
}

const current = signal<Location>(read());
export const location: ReadonlySignal<Location> = current;

/** Goes to a path of the UI, as "/tasks?status=PENDING". */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const url = config.base + to;
  const isHere = url === globalThis.location.pathname + globalThis.location.search;
  if (options.replace || isHere) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  if (!isHere) current.value = read();
}

/** The URL of a path of the UI. */
export function urlOf(path: string): string {
  return config.base + path;
}

/** The path to return to after signing in; nothing but a path of this site is accepted. */
export function returnPath(query: URLSearchParams): string | null {
  const path = query.get("return");
  // Browsers leave tabs and line breaks out of URLs: "/\t/example.com" is another host, as "//example.com" is.
  return path && /^\/(?![/\\])[^\t\n\r]*$/.test(path) ? path : null;
}

function read(): Location {
  const { pathname, search } = globalThis.location ?? { pathname: "/", search: "" };
  const path = pathname.startsWith(config.base) ? pathname.slice(config.base.length) : pathname;
  return { path: path.replace(/(?<=.)\/+$/, "") || "/", query: new URLSearchParams(search) };
}

globalThis.addEventListener?.("popstate", () => {
  current.value = read();
});
