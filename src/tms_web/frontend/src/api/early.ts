/** Requests that were sent before the modules of the page were loaded (`shell/early.ts`). */

export const REFRESH = "/api/web-session/refresh";
export const ME = "/api/users/me";

/** The responses by method and URL; each is taken once. */
export type EarlyResponses = Map<string, Promise<Response>>;

const early = globalThis as { tmsEarly?: EarlyResponses };

export function keepEarly(responses: EarlyResponses): void {
  early.tmsEarly = responses;
}

export function isEarly(method: string, url: string): boolean {
  return early.tmsEarly?.has(`${method} ${url}`) ?? false;
}

/** As `fetch`; what is on its way already is sent again only if it fails. */
export function send(url: string, init: RequestInit): Promise<Response> {
  const key = `${init.method} ${url}`;
  const response = early.tmsEarly?.get(key);
  early.tmsEarly?.delete(key);
  const sendAgain = () => fetch(url, init);
  return response ? response.catch(sendAgain) : sendAgain();
}

/** The lock under which the tabs of a site renew their session in turn. Another base path is another site. */
export function lockOf(base: string): string {
  return `tms session ${base}`;
}
