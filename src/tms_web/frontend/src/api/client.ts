/** Requests to the API: adds the access token, renews it once for all requests, and retries where that is safe. */
// Not from tms/module, which is built on this module.
import { config } from "../module/config.ts";
import { send } from "./early.ts";
import { ApiError, type Problem } from "./errors.ts";

export type Params = Record<string, string | number | boolean | (string | number)[] | null | undefined>;
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface RequestOptions {
  body?: unknown;
  /** Query parameters; null and undefined are left out, several values are joined with commas. */
  params?: Params;
  /** The version of the task that the change is based on; sent as If-Match. */
  version?: number | undefined;
  /** Sent as Idempotency-Key; a POST gets one of its own without. The same key repeats the same change. */
  key?: string;
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** Maximum number of attempts; 4 by default. */
  tries?: number;
  /** Whether the body of a successful response is returned as a Blob instead of its JSON. */
  isBlob?: boolean;
  /** Whether the request is sent without a token, as for signing in. */
  anonymous?: boolean;
}

export interface Renewal {
  access(): string | null;
  /** Resolves to a new token; rejects with ApiError 401 when the session has ended. `stale` is the refused token. */
  renew(stale: string | null): Promise<string>;
}

/** As `fetch`. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientTiming {
  answerWithin: number;
  firstDelay: number;
  longestDelay: number;
}

// In milliseconds.
const PREFETCHED_FOR = 10_000;
const TIMING: ClientTiming = { answerWithin: 60_000, firstDelay: 400, longestDelay: 30_000 };

export class ApiClient {
  readonly #renewal: Renewal;
  readonly #timing: ClientTiming;
  readonly #fetch: Send;
  readonly #prefetched = new Map<string, { response: Promise<unknown>; at: number }>();

  constructor(renewal: Renewal, timing: Partial<ClientTiming> = {}, fetch: Send = send) {
    this.#renewal = renewal;
    this.#timing = { ...TIMING, ...timing };
    this.#fetch = fetch;
  }

  /** The JSON of the response; throws ApiError. `path` is below the base path, as "/api/task". */
  async request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
    if (!path.startsWith("/") || path.startsWith("//")) throw new TypeError(`path must begin with one slash: ${path}`);
    const { renew, access } = {
      renew: (stale: string | null) => this.#renewal.renew(stale),
      access: this.#renewal.access(),
    };
    if (options.anonymous) return this.#persist<T>(method, path, options, null);
    const token = access ?? (await renew(null));
    // The key is the same in every attempt.
    const settled = method === "POST" ? { ...options, key: options.key ?? newKey() } : options;
    try {
      return await this.#persist<T>(method, path, settled, token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return this.#persist<T>(method, path, settled, await renew(token));
    }
  }

  get<T>(path: string, params?: Params, options?: RequestOptions): Promise<T> {
    const key = path + toQuery(params);
    const prefetched = this.#prefetched.get(key);
    this.#prefetched.delete(key);
    if (prefetched && Date.now() - prefetched.at < PREFETCHED_FOR) return prefetched.response as Promise<T>;
    return this.request<T>("GET", path, { ...options, ...(params && { params }) });
  }

  /** Requests what will be asked for soon: the next `get` of the same address has the response. Never rejects. */
  prefetch(path: string, params?: Params): Promise<void> {
    const key = path + toQuery(params);
    const response = this.request<unknown>("GET", path, params && { params });
    const entry = { response, at: Date.now() };
    this.#prefetched.set(key, entry);
    return response.then(
      () => {},
      () => {
        if (this.#prefetched.get(key) === entry) this.#prefetched.delete(key);
      },
    );
  }

  /** Forgets the responses that no `get` has taken yet: something has changed since. */
  dropPrefetched(): void {
    this.#prefetched.clear();
  }

  /** A file; its type is that of the response. */
  download(path: string, params?: Params): Promise<Blob> {
    return this.request<Blob>("GET", path, { ...(params && { params }), isBlob: true });
  }

  post<T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> {
    return this.request<T>("POST", path, { ...options, body });
  }

  patch<T>(path: string, body: unknown, options?: RequestOptions): Promise<T> {
    return this.request<T>("PATCH", path, { ...options, body });
  }

  delete<T>(path: string, options?: RequestOptions): Promise<T> {
    return this.request<T>("DELETE", path, options);
  }

  async #persist<T>(method: Method, path: string, options: RequestOptions, token: string | null): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#send<T>(method, path, options, token);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const wait = error.retryAfter ?? 0;
        const isBusy = error.status === 429 || error.status === 503 || (error.status === 409 && wait > 0);
        // A PATCH with a version is safe to repeat as well: where the first one arrived, the second one is merged.
        const isRepeatable = method !== "PATCH" || options.version !== undefined;
        const isRetryable = isBusy || (error.status === 0 && isRepeatable);
        const isLast = failures + 1 >= (options.tries ?? 4);
        if (!isRetryable || isLast || wait > this.#timing.longestDelay) throw error;
        await pause(wait + backOff(this.#timing, failures), options.signal);
      }
    }
  }

  async #send<T>(method: Method, path: string, options: RequestOptions, token: string | null): Promise<T> {
    const { body, params, version, key, signal } = options;
    const headers: Record<string, string> = { Accept: options.isBlob ? "*/*" : "application/json", ...options.headers };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    if (version !== undefined) headers["If-Match"] = `"${version}"`;
    if (key && method === "POST") headers["Idempotency-Key"] = key;
    const timeout = AbortSignal.timeout(this.#timing.answerWithin);
    let response: Response;
    let file: Blob | undefined;
    let text = "";
    try {
      response = await this.#fetch(config.base + path + toQuery(params), {
        method,
        headers,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (response.ok && options.isBlob) file = await response.blob();
      else text = await response.text();
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw new ApiError(0, {}, undefined, cause);
    }
    if (file) return file as T;
    const document = parse(text, response.headers.get("Content-Type"));
    if (response.ok) return document as T;
    const seconds = Number(response.headers.get("Retry-After"));
    throw new ApiError(response.status, document as Problem, seconds > 0 ? seconds * 1000 : undefined);
  }
}

/** A random key for one change. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");
}

/** `?a=1&b=2,3`, or nothing. */
export function toQuery(params: Params = {}): string {
  const pairs = Object.entries(params).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, Array.isArray(value) ? value.join(",") : String(value)]],
  );
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

function parse(text: string, type: string | null): unknown {
  if (!text || !/\bjson\b/.test(type ?? "")) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function backOff({ firstDelay, longestDelay }: ClientTiming, failures: number): number {
  return Math.random() * Math.min(longestDelay, firstDelay * 2 ** failures);
}

function pause(time: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, time);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
  });
}
