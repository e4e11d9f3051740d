/**
 * A client of TMS for pages and for Node 22 or newer: requests with token renewal and safe retries, and a live
 * connection that reconnects and resumes. docs/realtime.md has an example.
 *
 * @typedef {{access: string, refresh?: string}} Tokens `access` alone may be a personal token.
 * @typedef {Record<string, string | number | (string | number)[] | null | undefined>} Params Query parameters, as
 *     `{status: ["PENDING", "IN_PROGRESS"], assigned_to: "me"}`; null is omitted.
 * @typedef {"connecting" | "open" | "waiting" | "closed"} State
 * @typedef {object} ClientOptions
 * @property {string} [api] The API's URL; by default the origin of this module.
 * @property {string} [realtime] The WebSocket's URL; by default the one that the API gives.
 * @property {Tokens | null} [tokens] The initial tokens.
 * @property {{get: () => Tokens | null | Promise<Tokens | null>, set: (tokens: Tokens | null) => unknown}} [store]
 *     Storage for the tokens, instead of memory. A store shared by tabs (localStorage) is read on every `get`.
 * @property {(tokens: Tokens | null) => void} [onTokens] Receives new tokens, or null when the user must sign in again.
 * @property {Partial<typeof TIMING>} [timing]
 * @typedef {object} ListenOptions
 * @property {number} [since] The event to resume after; by default now.
 * @property {Params} [filter] Filters of the task list, except `q`; in effect until `unsubscribe()`.
 * @property {(event: any) => void} [onEvent] Receives every event once, in order.
 * @property {(reset: {event_id: number}) => void} [onReset] Too many events were missed: reload the lists.
 * @property {(presence: {task: number, users: number[]}) => void} [onPresence]
 * @property {(viewers: {tasks: Record<string, number[]>}) => void} [onViewers] Receives the watched tasks whose viewers
 *     have changed. On a new connection, those of tasks without viewers are not repeated.
 * @property {(message: {type: string}) => void} [onMessage] Receives the other control messages, such as those to the
 *     user (`{type: "notification", id, unread}`).
 * @property {(state: State, more: {retryIn?: number, cause?: unknown}) => void} [onState]
 * @property {(error: any) => void} [onError] Receives the permanent error when `state` is closed, or the server's
 *     error for a message.
 */

// In milliseconds.
const TIMING = {
  answerWithin: 60_000, openWithin: 15_000, pingAfter: 25_000, pongWithin: 10_000, firstDelay: 500,
  // Minimum delay after a close code that asks for one; a connection that lasts less counts as a failure.
  slowDelay: 5_000,
  // A request fails rather than wait longer for a busy server. A live connection waits as long as the server asks.
  longestDelay: 30_000,
};
const PERMANENT = [400, 401, 403];
const DELAYED_RETRY = [1008, 1009, 1013];
/** Control messages that this client handles itself; `onMessage` receives all others. */
const OWN_TYPES = ["pong", "subscribed", "unsubscribed"];

/** An error response; `status` is 0 if there was no response. */
export class TmsError extends Error {
  /** @param {number} status @param {any} document @param {{retryAfter?: number, cause?: unknown}} [more] */
  constructor(status, document, { retryAfter, cause } = {}) {
    super(document?.detail ?? (status ? `The server returned ${status}.` : "The server does not respond."), { cause });
    this.name = "TmsError";
    this.status = status;
    this.detail = this.message;
    this.errors = document?.errors ?? [];
    this.document = document;
    this.retryAfter = retryAfter;
  }
}

export class TmsClient {
  #api; #store; #onTokens; #turn = Promise.resolve();

  /** @param {ClientOptions} [options] */
  constructor({ api = new URL(import.meta.url).origin, realtime, tokens = null, store, onTokens, timing } = {}) {
    if (!/^https?:/.test(api)) throw new TypeError(`api must be the API's address, not ${api}`);
    this.#api = api.replace(/\/+$/, "");
    this.#store = store ?? { get: () => tokens, set: (value) => (tokens = value) };
    this.#onTokens = onTokens;
    this.realtime = realtime;
    this.timing = { ...TIMING, ...timing };
  }

  /** @param {string} username Or an e-mail address. @param {string} password @returns {Promise<Tokens>} */
  signIn(username, password) {
    return this.#serialize(async () => this.#keep(await this.#post("/api/token", { username, password })));
  }

  /** Ends the session, here and on the server. @returns {Promise<void>} */
  signOut() {
    return this.#serialize(async () => {
      const tokens = await this.#store.get();
      await this.#keep(null);
      if (tokens?.refresh) await this.#post("/api/token/revoke", { refresh: tokens.refresh });
    });
  }

  /** @param {string} method @param {string} path As "/api/task/7".
   *  @param {{body?: unknown, params?: Params, headers?: Record<string, string>, signal?: AbortSignal, tries?: number}}
   *  [options] `tries`: maximum number of attempts. @returns {Promise<any>} Parsed JSON. Throws `TmsError`. */
  async request(method, path, { body, params, headers, signal, tries } = {}) {
    // The token must not be sent to another host.
    if (!path.startsWith("/")) throw new TypeError(`path must begin with a slash: ${path}`);
    const call = makeCall(method, this.#api + path + asQuery(params), { body, headers, signal, tries });
    const tokens = await this.#store.get();
    try {
      return await this.#persist(call, tokens?.access);
    } catch (error) {
      if (error?.status !== 401 || !tokens?.refresh) throw error;
      return this.#persist(call, (await this.#serialize(() => this.#renew(tokens.access))).access);
    }
  }

  /** All tasks, fetched a page at a time; concurrent changes neither hide nor repeat a task.
   *  @param {Params} [filters] @param {{signal?: AbortSignal}} [options] @returns {AsyncGenerator<any, void>} */
  async *tasks(filters, { signal } = {}) {
    let cursor = "";
    do {
      const page = await this.request("GET", "/api/task", { params: { page_size: 200, ...filters, cursor }, signal });
      yield* page.results;
      cursor = page.next && new URL(page.next, this.#api).searchParams.get("cursor");
    } while (cursor);
  }

  /** @param {ListenOptions} [options] */
  listen(options = {}) {
    return new Live(this, options);
  }

  /** Serializes changes of the tokens: in this client, and across tabs where the browser supports locks. */
  #serialize(act) {
    const { locks } = globalThis.navigator ?? {};
    const turn = this.#turn.then(() => (locks ? locks.request(`tms ${this.#api}`, act) : act()));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #renew(stale) {
    const tokens = await this.#store.get();
    // Another request or tab was faster, or the user has just signed in.
    if (tokens && tokens.access !== stale) return tokens;
    if (!tokens?.refresh) throw new TmsError(401, { detail: "Not signed in." });
    try {
      return await this.#keep(await this.#post("/api/token/refresh", { refresh: tokens.refresh }));
    } catch (error) {
      if (error.status === 401) await this.#keep(null);
      throw error;
    }
  }

  async #keep(tokens) {
    await this.#store.set(tokens);
    this.#onTokens?.(tokens);
    return tokens;
  }

  #post(path, body) {
    return this.#persist(makeCall("POST", this.#api + path, { body }));
  }

  async #persist(call, access) {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#send(call, access);
      } catch (error) {
        const { status, retryAfter = 0 } = error ?? {};
        const isBusy = status === 429 || status === 503 || (status === 409 && retryAfter);
        // The request may have been executed; repeating it is harmless, for a POST because of its key.
        const isRetryable = isBusy || (status === 0 && call.method !== "PATCH");
        if (!isRetryable || failures + 1 >= call.tries || retryAfter > this.timing.longestDelay) throw error;
        await pause(retryAfter + backOff(this.timing, failures), call.signal);
      }
    }
  }

  async #send({ method, url, headers, body, signal }, access) {
    const timeout = AbortSignal.timeout(this.timing.answerWithin);
    let response, text;
    try {
      response = await fetch(url, {
        method,
        headers: access ? { ...headers, Authorization: `Bearer ${access}` } : headers,
        body,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        credentials: "omit",
      });
      text = await response.text();
    } catch (cause) {
      throw signal?.aborted ? signal.reason : new TmsError(0, null, { cause });
    }
    const isJson = text && /\bjson\b/.test(response.headers.get("Content-Type"));
    const document = isJson ? JSON.parse(text) : text;
    if (response.ok) return document;
    const seconds = Number(response.headers.get("Retry-After"));
    throw new TmsError(response.status, document, { retryAfter: seconds * 1000 || undefined });
  }
}

/** A live connection, which reconnects until `close()`. */
export class Live {
  /** @type {State} */
  state = "connecting";
  /** @type {number | undefined} The `since` with which to resume later. */
  lastEventId;
  #client; #options; #filter; #socket; #resync; #timer;
  #subscriptions = []; #isChanged = false; #taskId = null; #watched = []; #failures = 0; #wasRefused = false;
  #stop = new AbortController(); #end = () => {}; #retryNow = () => {};

  /** @param {TmsClient} client @param {ListenOptions} options */
  constructor(client, options) {
    const { since, filter } = options;
    if (since !== undefined && !(Number.isSafeInteger(since) && since >= 0)) throw new TypeError(`since: ${since}`);
    this.#client = client;
    this.#options = options;
    this.#filter = filter && defined(filter);
    this.lastEventId = since;
    globalThis.addEventListener?.("online", this.#onWake, { signal: this.#stop.signal });
    globalThis.document?.addEventListener("visibilitychange", this.#onWake, { signal: this.#stop.signal });
    this.#run();
  }

  /** Subscribe to a filter as well. @param {Params} filter @param {string} [id] The same id replaces a subscription. */
  subscribe(filter, id) {
    const subscription = { type: "subscribe", id, filter: defined(filter) };
    this.#subscriptions = [...this.#subscriptions.filter((one) => !id || one.id !== id), subscription];
    this.#isChanged = true;
    this.#sendMessage(subscription);
  }

  /** @param {string} [id] By default all, including the initial filter: then all events are sent. */
  unsubscribe(id) {
    if (!id) this.#filter = undefined;
    this.#subscriptions = this.#subscriptions.filter((one) => id && one.id !== id);
    this.#isChanged = true;
    this.#sendMessage({ type: "unsubscribe", id });
  }

  /** @param {number | null} taskId The task being viewed, if any; `onPresence` receives the other viewers. */
  presence(taskId) {
    this.#taskId = taskId;
    this.#sendMessage({ type: "presence", task_id: taskId });
  }

  /** @param {number[]} taskIds The tasks, at most 200, whose viewers `onViewers` receives. */
  watch(taskIds) {
    this.#watched = taskIds;
    this.#sendMessage({ type: "watch", tasks: taskIds });
  }

  close() {
    this.#become("closed");
    this.#stop.abort();
    this.#end();
    clearTimeout(this.#timer);
  }

  async #run() {
    const { timing } = this.#client;
    while (this.state !== "closed") {
      this.#become("connecting");
      try {
        const { code, lasted } = await this.#runConnection(await this.#address());
        this.#wasRefused = lasted === undefined;
        if (lasted > timing.slowDelay) this.#failures = 0;
        await this.#waitToRetry(DELAYED_RETRY.includes(code) ? timing.slowDelay : 0, code);
      } catch (error) {
        if (this.state === "closed") return;
        if (!(error instanceof TmsError) || PERMANENT.includes(error.status)) {
          this.close();
          return this.#notify("onError", error);
        }
        await this.#waitToRetry(error.retryAfter ?? 0, error, error.retryAfter !== undefined);
      }
    }
  }

  /** A page cannot see why a handshake failed, so the API is asked first, which also renews the tokens after 4401. */
  async #address() {
    const options = { signal: this.#stop.signal, tries: 1 };
    if (this.#wasRefused && this.#filter) await this.#ask("/api/task", { ...options, params: this.#filter });
    this.lastEventId ??= (await this.#ask("/api/sync", options))?.next;
    const { ticket, url } = await this.#client.request("POST", "/api/ws-ticket", options);
    // Subscriptions are sent on the open connection, which is then resumed. So are changes made while connecting.
    this.#isChanged = this.#subscriptions.length > 0;
    const params = this.#isChanged ? {} : { ...this.#filter, since: this.lastEventId };
    return (this.#client.realtime ?? url) + asQuery({ ...params, ticket });
  }

  /** Resolves to undefined if the endpoint's package is not installed. */
  #ask(path, options) {
    return this.#client.request("GET", path, options).catch((error) => {
      if (error?.status !== 404) throw error;
    });
  }

  /** Runs one connection; resolves to its close code and duration. */
  #runConnection(address) {
    this.#stop.signal.throwIfAborted();
    return new Promise((resolve) => {
      let openedAt;
      const socket = (this.#socket = new WebSocket(address));
      // Without waiting for the close event, which takes long if the server is gone.
      this.#end = (code) => {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
        resolve({ code, lasted: openedAt && Date.now() - openedAt });
      };
      socket.onopen = () => {
        openedAt = Date.now();
        this.#opened();
      };
      socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
      socket.onclose = ({ code }) => this.#end(code);
      this.#within(this.#client.timing.openWithin, () => this.#end());
    });
  }

  #opened() {
    this.#within(this.#client.timing.pingAfter, this.#probe);
    this.#become("open");
    this.#resync = undefined;
    if (this.#taskId !== null) this.presence(this.#taskId);
    if (this.#watched.length) this.watch(this.#watched);
    if (!this.#isChanged) return;
    this.#sendMessage({ type: "unsubscribe" });
    if (this.#filter) this.#sendMessage({ type: "subscribe", filter: this.#filter });
    for (const subscription of this.#subscriptions) this.#sendMessage(subscription);
    if (this.lastEventId !== undefined) this.#beginResync();
  }

  /** Subscriptions apply from the next event on, so the connection is resumed after them. Events after the second
   *  pong are resumed ones; if any arrive between the pongs, their order is unclear and the connection is resumed again. */
  #beginResync() {
    this.#resync = { pongs: 0, isUnclear: false };
    this.#sendMessage({ type: "ping" });
    this.#sendMessage({ type: "resume", since: this.lastEventId });
    this.#sendMessage({ type: "ping" });
  }

  #receive(message) {
    this.#within(this.#client.timing.pingAfter, this.#probe);
    const { type, event_id: id } = message;
    const resync = this.#resync;
    if (type === "presence") this.#notify("onPresence", message);
    else if (type === "viewers") this.#notify("onViewers", message);
    else if (type === "error") this.#notify("onError", new TmsError(400, { detail: message.message }));
    else if (type === "pong" && resync && ++resync.pongs === 2) {
      this.#resync = undefined;
      if (resync.isUnclear) this.#beginResync();
    } else if (id !== undefined && resync) resync.isUnclear ||= resync.pongs === 1;
    else if (type === "reset" || id > (this.lastEventId ?? -1)) {
      this.lastEventId = id;
      this.#notify(type === "reset" ? "onReset" : "onEvent", message);
    } else if (type !== undefined && !OWN_TYPES.includes(type)) this.#notify("onMessage", message);
  }

  #probe = () => {
    if (!this.#resync) this.#sendMessage({ type: "ping" });
    this.#within(this.#client.timing.pongWithin, () => this.#end());
  };

  /** The network is back, or the page is visible again. */
  #onWake = () => {
    if (globalThis.document?.visibilityState === "hidden") return;
    if (this.state === "open") this.#probe();
    else this.#retryNow();
  };

  #waitToRetry(least, cause, isOrder = false) {
    const retryIn = least + backOff(this.#client.timing, this.#failures++);
    this.#become("waiting", { retryIn, cause });
    return new Promise((resolve) => {
      this.#retryNow = isOrder ? () => {} : resolve;
      this.#within(retryIn, resolve);
    });
  }

  #sendMessage(message) {
    if (this.state === "open") this.#socket.send(JSON.stringify(message));
  }

  #within(time, act) {
    clearTimeout(this.#timer);
    if (this.state !== "closed") this.#timer = setTimeout(act, Math.min(time, 2 ** 31 - 1));
  }

  #become(state, more = {}) {
    if (this.state === "closed") return;
    this.state = state;
    this.#notify("onState", state, more);
  }

  /** Asynchronous, so that an exception in a callback is reported as uncaught and does not affect the connection. */
  #notify(name, ...args) {
    queueMicrotask(() => this.#options[name]?.(...args));
  }
}

function makeCall(method, url, { body, headers, signal, tries = 5 }) {
  // Not crypto.randomUUID, which requires a secure context.
  const own = method === "POST" ? { "Idempotency-Key": crypto.getRandomValues(new Uint32Array(4)).join("-") } : {};
  if (body !== undefined) own["Content-Type"] = "application/json";
  return { method, url, headers: { ...own, ...headers }, body: JSON.stringify(body), signal, tries };
}

function defined(params = {}) {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined && value !== null));
}

/** Several values are joined with commas. */
function asQuery(params) {
  const text = new URLSearchParams(defined(params)).toString();
  return text && `?${text}`;
}

/** Exponential backoff with jitter, so that clients do not reconnect at the same time. */
function backOff({ firstDelay, longestDelay }, failures) {
  return Math.random() * Math.min(longestDelay, firstDelay * 2 ** failures);
}

function pause(time, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, time);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
