/**
 * A client of TMS for pages and for Node 22 or newer: requests that renew their tokens and are sent again where that is
 * safe, and a live connection that goes on where it was. It needs nothing else.
 *
 *     import { TmsClient } from "http://localhost:8000/tms-client.js";
 *     const tms = new TmsClient();
 *     await tms.signIn("ann", "password123");
 *     const live = tms.listen({ filter: { assigned_to: "me" }, onEvent: (event) => console.log(event.title) });
 *
 * @typedef {{access: string, refresh?: string}} Tokens `access` alone may be a personal token.
 * @typedef {{get: () => Tokens | null | Promise<Tokens | null>, set: (tokens: Tokens | null) => unknown}} TokenStore
 *     One that several tabs share (localStorage) is read anew by each `get`.
 * @typedef {Record<string, string | number | (string | number)[] | null | undefined>} Words Of a query, as
 *     `{status: ["PENDING", "IN_PROGRESS"], assigned_to: "me"}`.
 * @typedef {"connecting" | "open" | "waiting" | "closed"} State
 *
 * @typedef {object} ClientOptions
 * @property {string} [api] Where the API is; by default where this module came from.
 * @property {string} [realtime] The WebSocket's address; by default what the API says.
 * @property {Tokens | null} [tokens] To begin with.
 * @property {TokenStore} [store] In place of this client's memory.
 * @property {(tokens: Tokens | null) => void} [onTokens] Told of new tokens; of null when one has to sign in (again).
 * @property {Partial<typeof TIMING>} [timing]
 *
 * @typedef {object} RequestOptions
 * @property {unknown} [body] Sent as JSON.
 * @property {Words} [params]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {number} [tries] How often it is sent at most.
 *
 * @typedef {object} ListenOptions
 * @property {number} [since] The event behind which to begin; by default now.
 * @property {Words} [filter] What the task list takes, but for `q`. It holds until `unsubscribe()`.
 * @property {(event: any) => void} [onEvent] Told of every event once, in order.
 * @property {(eventId: number) => void} [onReset] Too much was missed: read the lists again. Events after this follow.
 * @property {(presence: {task: number, users: number[]}) => void} [onPresence]
 * @property {(state: State, more: {retryIn?: number, cause?: unknown}) => void} [onState] `retryIn`: milliseconds.
 * @property {(error: any) => void} [onError] Told what the server has against a message, and, when `state` is closed,
 *     why it is no use to go on.
 */

/** In milliseconds. */
const TIMING = {
  answerWithin: 60_000,
  openWithin: 15_000,
  pingAfter: 25_000,
  pongWithin: 10_000,
  firstDelay: 500,
  longestDelay: 30_000,
  // Rather than wait longer than this for a busy server a request fails. One who listens waits as long as it says.
  longestRetryAfter: 60_000,
  // A connection that ended sooner was a failure.
  steadyAfter: 5_000,
};
const LONGEST_TIMER = 2 ** 31 - 1;
const TRIES = 5;
// Once is as good as twice; a POST has a key that makes it so.
const REPEATABLE = ["GET", "HEAD", "PUT", "DELETE", "POST"];
const HOPELESS = [400, 401, 403];
const CLOSE = { lost: 1006, tryLater: [1008, 1009, 1013], unauthorized: 4401 };
const SLOWER = 4;

/** An answer that is no success (`document` has all of it), or, with status 0, that there was none. */
export class TmsError extends Error {
  /** @param {number} status @param {any} document @param {{retryAfter?: number, cause?: unknown}} [more] */
  constructor(status, document, { retryAfter, cause } = {}) {
    const detail = document?.detail ?? (status ? `The server answered ${status}.` : "The server does not answer.");
    super(detail, { cause });
    this.name = "TmsError";
    this.status = status;
    this.detail = detail;
    /** @type {{in: string, field: string, message: string}[]} */
    this.errors = document?.errors ?? [];
    this.document = document;
    /** In milliseconds. */
    this.retryAfter = retryAfter;
  }
}

export class TmsClient {
  #api;
  #store;
  #onTokens;
  #renewal;
  #turn = Promise.resolve();

  /** @param {ClientOptions} [options] */
  constructor({ api = new URL(import.meta.url).origin, realtime, tokens, store, onTokens, timing } = {}) {
    if (!/^https?:/.test(api)) throw new TypeError(`api must be the API's address, not ${api}`);
    this.#api = api.replace(/\/+$/, "");
    this.#store = store ?? inMemory(tokens ?? null);
    this.#onTokens = onTokens;
    this.realtime = realtime;
    this.timing = { ...TIMING, ...timing };
  }

  /** @returns {Promise<Tokens | null>} */
  async tokens() {
    return this.#store.get();
  }

  /** @param {string} username Or an e-mail address. @param {string} password @returns {Promise<Tokens>} */
  signIn(username, password) {
    return this.#alone(async () => this.#keep(await this.#post("/api/token", { username, password })));
  }

  /** Ends this login, here and on the server. @returns {Promise<void>} */
  signOut() {
    return this.#alone(async () => {
      const tokens = await this.tokens();
      await this.#keep(null);
      if (tokens?.refresh) await this.#post("/api/token/revoke", { refresh: tokens.refresh });
    });
  }

  /** However many ask for new tokens, there is one request. @param {string} [stale] The access token that was refused.
   *  @returns {Promise<Tokens>} */
  renew(stale) {
    this.#renewal ??= this.#alone(() => this.#rotate(stale)).finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  /** @param {string} method @param {string} path As "/api/task/7". @param {RequestOptions} [options]
   *  @returns {Promise<any>} The answer, read where it is JSON; anything but success is thrown as a `TmsError`. */
  async request(method, path, { body, params, headers, signal, tries = TRIES } = {}) {
    // The token must not go to another host.
    if (!path.startsWith("/")) throw new TypeError(`path must begin with a slash: ${path}`);
    const call = makeCall(method, this.#api + path + asQuery(params), { body, headers, signal, tries });
    const tokens = await this.tokens();
    try {
      return await this.#persist(call, tokens?.access);
    } catch (error) {
      if (error?.status !== 401 || !tokens?.refresh) throw error;
      return this.#persist(call, (await this.renew(tokens.access)).access);
    }
  }

  /** All tasks, read a page at a time as one goes on; what others write meanwhile neither hides one nor shows it twice.
   *  @param {Words} [filters] @param {{signal?: AbortSignal}} [options] @returns {AsyncGenerator<any, void>} */
  async *tasks(filters, { signal } = {}) {
    let cursor = "";
    do {
      const params = { page_size: 200, ...filters, cursor };
      const page = await this.request("GET", "/api/task", { params, signal });
      yield* page.results;
      cursor = page.next && new URL(page.next, this.#api).searchParams.get("cursor");
    } while (cursor);
  }

  /** @param {ListenOptions} [options] */
  listen(options = {}) {
    return new Live(this, options);
  }

  /** Who changes the tokens does it alone: in this client, and in all tabs where the browser has locks. */
  #alone(act) {
    const { locks } = globalThis.navigator ?? {};
    const turn = this.#turn.then(() => (locks ? locks.request(`tms ${this.#api}`, act) : act()));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #rotate(stale) {
    const tokens = await this.tokens();
    // Another tab was faster, or somebody has just signed in.
    if (tokens && tokens.access !== stale) return tokens;
    if (!tokens?.refresh) throw new TmsError(401, { detail: "Nobody is signed in." });
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
    return this.#persist(makeCall("POST", this.#api + path, { body, tries: TRIES }));
  }

  async #persist(call, access) {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#send(call, access);
      } catch (error) {
        const { status, retryAfter = 0 } = error ?? {};
        const isBusy = status === 429 || status === 503 || (status === 409 && retryAfter);
        const isWorthIt = isBusy || (status === 0 && REPEATABLE.includes(call.method));
        if (!isWorthIt || failures + 1 >= call.tries || retryAfter > this.timing.longestRetryAfter) throw error;
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
    const document = /\bjson\b/.test(response.headers.get("Content-Type") ?? "") ? JSON.parse(text) : text;
    if (response.ok) return document;
    throw new TmsError(response.status, document, { retryAfter: milliseconds(response.headers.get("Retry-After")) });
  }
}

/** What one listens to: a connection that is made anew until `close()`. */
export class Live {
  #client;
  #options;
  #state = "connecting";
  #lastEventId;
  #filter;
  #subscriptions = [];
  #taskId = null;
  #access;
  #ended = {};
  #failures = 0;
  #socket;
  #settling;
  #timer;
  #stop = new AbortController();
  #end = () => {};
  #goOn = () => {};

  /** @param {TmsClient} client @param {ListenOptions} options */
  constructor(client, options) {
    const { since, filter } = options;
    if (since !== undefined && !(Number.isSafeInteger(since) && since >= 0)) throw new TypeError(`since: ${since}`);
    this.#client = client;
    this.#options = options;
    this.#lastEventId = since;
    this.#filter = filter;
    globalThis.addEventListener?.("online", this.#lookAgain);
    globalThis.document?.addEventListener("visibilitychange", this.#lookAgain);
    // Not before the caller has this object.
    queueMicrotask(() => this.#run());
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** @returns {number | undefined} What to give as `since` to go on here another time. */
  get lastEventId() {
    return this.#lastEventId;
  }

  /** Listen to what fits this too. @param {Words} filter @param {string} [id] The same again takes its place. */
  subscribe(filter, id) {
    this.#subscriptions = [...this.#subscriptions.filter((one) => !id || one.id !== id), { id, filter }];
    this.#say({ type: "subscribe", id, filter });
  }

  /** @param {string} [id] By default all, and the filter that one began with: then everything comes. */
  unsubscribe(id) {
    if (!id) this.#filter = undefined;
    this.#subscriptions = this.#subscriptions.filter((one) => id && one.id !== id);
    this.#say({ type: "unsubscribe", id });
  }

  /** @param {number | null} taskId The task that one looks at now, if any; `onPresence` is told who else does. */
  presence(taskId) {
    this.#taskId = taskId;
    this.#say({ type: "presence", task_id: taskId });
  }

  close() {
    if (this.#state === "closed") return;
    globalThis.removeEventListener?.("online", this.#lookAgain);
    globalThis.document?.removeEventListener("visibilitychange", this.#lookAgain);
    this.#become("closed");
    this.#stop.abort();
    this.#end();
    clearTimeout(this.#timer);
  }

  async #run() {
    const { steadyAfter, slowDelay } = this.#client.timing;
    while (this.#state !== "closed") {
      this.#become("connecting");
      try {
        this.#ended = await this.#converse(await this.#address());
        const { code, lasted } = this.#ended;
        if (lasted > steadyAfter) this.#failures = 0;
        await this.#rest(this.#nextDelay() + (CLOSE.tryLater.includes(code) ? slowDelay : 0), { cause: code });
      } catch (cause) {
        if (this.#state === "closed") return;
        if (!(cause instanceof TmsError) || HOPELESS.includes(cause.status)) return this.#giveUp(cause);
        const { retryAfter } = cause;
        await this.#rest((retryAfter ?? 0) + this.#nextDelay(), { cause, isOrder: retryAfter !== undefined });
      }
    }
  }

  /** A page is never told why a handshake failed. So what can be asked of the API is asked there. */
  async #address() {
    const options = { signal: this.#stop.signal, tries: 1 };
    const { code, lasted } = this.#ended;
    if (code === CLOSE.unauthorized) await this.#client.renew(this.#access);
    if (code && lasted === undefined && this.#filter) await this.#ask("/api/task", { ...options, params: this.#filter });
    this.#lastEventId ??= (await this.#ask("/api/sync", options))?.next;
    const { ticket, url } = await this.#client.request("POST", "/api/ws-ticket", options);
    this.#access = (await this.#client.tokens())?.access;
    // Where there are subscriptions, they are told first, and then it is resumed.
    const words = this.#subscriptions.length ? {} : { ...this.#filter, since: this.#lastEventId };
    return (this.#client.realtime ?? url) + asQuery({ ...words, ticket });
  }

  /** The API's answer, if it has one: a system may be without that package. */
  async #ask(path, options) {
    try {
      return await this.#client.request("GET", path, options);
    } catch (error) {
      if (error?.status !== 404) throw error;
    }
  }

  /** One connection; how it ended. */
  #converse(address) {
    this.#stop.signal.throwIfAborted();
    return new Promise((resolve) => {
      let openedAt;
      const socket = (this.#socket = new WebSocket(address));
      // Not waiting for the socket's own end: where the other side is gone that takes long.
      this.#end = (code) => {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
        resolve({ code: code ?? CLOSE.lost, lasted: openedAt && Date.now() - openedAt });
      };
      socket.onopen = () => {
        openedAt = Date.now();
        this.#opened();
      };
      socket.onmessage = ({ data }) => this.#heard(JSON.parse(data));
      socket.onclose = ({ code }) => this.#end(code);
      this.#within(this.#client.timing.openWithin, () => this.#end());
    });
  }

  #opened() {
    this.#within(this.#client.timing.pingAfter, this.#probe);
    this.#state = "open";
    this.#settling = undefined;
    if (this.#taskId !== null) this.presence(this.#taskId);
    if (this.#subscriptions.length) {
      if (this.#filter) this.#say({ type: "subscribe", filter: this.#filter });
      for (const one of this.#subscriptions) this.#say({ type: "subscribe", ...one });
      this.#settle();
    }
    this.#become("open");
  }

  /** Subscriptions hold from the next event on, so it is resumed behind them. What follows the second pong has been
   *  resumed; of anything between the two nobody could tell, and then it is done again. */
  #settle() {
    if (this.#lastEventId === undefined) return;
    this.#settling = { pongs: 0, isUnclear: false };
    this.#say({ type: "ping" });
    this.#say({ type: "resume", since: this.#lastEventId });
    this.#say({ type: "ping" });
  }

  #heard(message) {
    this.#within(this.#client.timing.pingAfter, this.#probe);
    const settling = this.#settling;
    if (message.type === "presence") this.#tell("onPresence", { task: message.task, users: message.users });
    else if (message.type === "error") this.#tell("onError", new TmsError(400, { detail: message.message }));
    else if (message.event_id !== undefined) settling ? (settling.isUnclear ||= settling.pongs === 1) : this.#take(message);
    else if (message.type === "pong" && settling && ++settling.pongs === 2) {
      this.#settling = undefined;
      if (settling.isUnclear) this.#settle();
    }
  }

  #take(message) {
    const { type, event_id: id } = message;
    if (type !== "reset" && id <= this.#lastEventId) return;
    this.#lastEventId = id;
    if (type === "reset") this.#tell("onReset", id);
    else this.#tell("onEvent", message);
  }

  #probe = () => {
    if (!this.#settling) this.#say({ type: "ping" });
    this.#within(this.#client.timing.pongWithin, () => this.#end());
  };

  /** The network is back, or somebody looks at the page. */
  #lookAgain = () => {
    if (globalThis.document?.visibilityState === "hidden") return;
    if (this.#state === "open") this.#probe();
    else this.#goOn();
  };

  #rest(retryIn, { cause, isOrder }) {
    this.#become("waiting", { retryIn, cause });
    return new Promise((resolve) => {
      this.#goOn = isOrder ? () => {} : resolve;
      this.#within(retryIn, resolve);
    });
  }

  #nextDelay() {
    return backOff(this.#client.timing, this.#failures++);
  }

  #giveUp(error) {
    this.close();
    this.#tell("onError", error);
  }

  #say(message) {
    if (this.#state === "open") this.#socket.send(JSON.stringify(message));
  }

  #within(time, act) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, Math.min(time, LONGEST_TIMER));
  }

  #become(state, more = {}) {
    if (this.#state === "closed") return;
    this.#state = state;
    this.#tell("onState", state, more);
  }

  /** What fails in a callback is reported as any page's mistake; the connection goes on. */
  #tell(name, ...said) {
    try {
      this.#options[name]?.(...said);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

function makeCall(method, url, { body, headers, signal, tries }) {
  const own = method === "POST" ? { "Idempotency-Key": randomKey() } : {};
  if (body !== undefined) own["Content-Type"] = "application/json";
  return { method, url, headers: { ...own, ...headers }, body: JSON.stringify(body), signal, tries };
}

/** crypto.randomUUID is for https and localhost only. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function asQuery(words = {}) {
  const given = Object.entries(words).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

/** Doubles from failure to failure; anything up to that, so that clients do not come back in step. */
function backOff({ firstDelay, longestDelay }, failures) {
  return Math.random() * Math.min(longestDelay, firstDelay * 2 ** failures);
}

/** Of a Retry-After: seconds, or a date. */
function milliseconds(header) {
  if (header === null) return undefined;
  const seconds = Number(header);
  return Number.isNaN(seconds) ? Math.max(0, Date.parse(header) - Date.now()) || 0 : seconds * 1000;
}

function pause(time, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, time);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

function inMemory(tokens) {
  return { get: () => tokens, set: (given) => (tokens = given) };
}
