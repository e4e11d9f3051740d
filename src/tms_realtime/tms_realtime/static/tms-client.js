/**
 * A client of TMS for pages and for Node 22 or newer: requests that renew their tokens and are sent again where that is
 * safe, and a live connection that goes on where it was. docs/realtime.md has an example.
 *
 * @typedef {{access: string, refresh?: string}} Tokens `access` alone may be a personal token.
 * @typedef {Record<string, string | number | (string | number)[] | null | undefined>} Words Of a query, as
 *     `{status: ["PENDING", "IN_PROGRESS"], assigned_to: "me"}`; null is left out.
 * @typedef {"connecting" | "open" | "waiting" | "closed"} State
 * @typedef {object} ClientOptions
 * @property {string} [api] Where the API is; by default where this module came from.
 * @property {string} [realtime] The WebSocket's address; by default what the API says.
 * @property {Tokens | null} [tokens] To begin with.
 * @property {{get: () => Tokens | null | Promise<Tokens | null>, set: (tokens: Tokens | null) => unknown}} [store] In
 *     place of this client's memory. One that several tabs share (localStorage) is read anew by each `get`.
 * @property {(tokens: Tokens | null) => void} [onTokens] Told of new tokens; of null when one has to sign in (again).
 * @property {Partial<typeof TIMING>} [timing]
 * @typedef {object} ListenOptions
 * @property {number} [since] The event behind which to begin; by default now.
 * @property {Words} [filter] As the task list's, but without `q`. It holds until `unsubscribe()`.
 * @property {(event: any) => void} [onEvent] Told of every event once, in order.
 * @property {(reset: {event_id: number}) => void} [onReset] Too much was missed: read the lists again.
 * @property {(presence: {task: number, users: number[]}) => void} [onPresence]
 * @property {(state: State, more: {retryIn?: number, cause?: unknown}) => void} [onState]
 * @property {(error: any) => void} [onError] Why it is no use to go on, when `state` is closed; or what the server has
 *     against a message.
 */

// In milliseconds.
const TIMING = {
  answerWithin: 60_000, openWithin: 15_000, pingAfter: 25_000, pongWithin: 10_000, firstDelay: 500,
  // Who was told to come back later waits that long at least; a connection that lasts less is a failure.
  slowDelay: 5_000,
  // A request fails rather than wait longer for a busy server. Who listens waits for as long as the server says.
  longestDelay: 30_000,
};
const HOPELESS = [400, 401, 403];
const CLOSED_FOR_LATER = [1008, 1009, 1013];

/** An answer that is no success; or, with status 0, that there was none. */
export class TmsError extends Error {
  /** @param {number} status @param {any} document @param {{retryAfter?: number, cause?: unknown}} [more] */
  constructor(status, document, { retryAfter, cause } = {}) {
    super(document?.detail ?? (status ? `The server answered ${status}.` : "The server does not answer."), { cause });
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
    this.#store = store ?? { get: () => tokens, set: (given) => (tokens = given) };
    this.#onTokens = onTokens;
    this.realtime = realtime;
    this.timing = { ...TIMING, ...timing };
  }

  /** @param {string} username Or an e-mail address. @param {string} password @returns {Promise<Tokens>} */
  signIn(username, password) {
    return this.#alone(async () => this.#keep(await this.#post("/api/token", { username, password })));
  }

  /** Ends this login, here and on the server. @returns {Promise<void>} */
  signOut() {
    return this.#alone(async () => {
      const tokens = await this.#store.get();
      await this.#keep(null);
      if (tokens?.refresh) await this.#post("/api/token/revoke", { refresh: tokens.refresh });
    });
  }

  /** @param {string} method @param {string} path As "/api/task/7".
   *  @param {{body?: unknown, params?: Words, headers?: Record<string, string>, signal?: AbortSignal, tries?: number}}
   *  [options] `tries`: how often it is sent at most. @returns {Promise<any>} Parsed JSON. Throws `TmsError`. */
  async request(method, path, { body, params, headers, signal, tries } = {}) {
    // The token must not go to another host.
    if (!path.startsWith("/")) throw new TypeError(`path must begin with a slash: ${path}`);
    const call = makeCall(method, this.#api + path + asQuery(params), { body, headers, signal, tries });
    const tokens = await this.#store.get();
    try {
      return await this.#persist(call, tokens?.access);
    } catch (error) {
      if (error?.status !== 401 || !tokens?.refresh) throw error;
      return this.#persist(call, (await this.#alone(() => this.#renew(tokens.access))).access);
    }
  }

  /** All tasks, read a page at a time as one goes on; what others write meanwhile neither hides one nor shows it twice.
   *  @param {Words} [filters] @param {{signal?: AbortSignal}} [options] @returns {AsyncGenerator<any, void>} */
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

  /** Who changes the tokens does it alone: in this client, and in all tabs where the browser has locks. */
  #alone(act) {
    const { locks } = globalThis.navigator ?? {};
    const turn = this.#turn.then(() => (locks ? locks.request(`tms ${this.#api}`, act) : act()));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #renew(stale) {
    const tokens = await this.#store.get();
    // Another request or tab was faster, or somebody has just signed in.
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
    return this.#persist(makeCall("POST", this.#api + path, { body }));
  }

  async #persist(call, access) {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#send(call, access);
      } catch (error) {
        const { status, retryAfter = 0 } = error ?? {};
        const isBusy = status === 429 || status === 503 || (status === 409 && retryAfter);
        // Whether it was done nobody knows; but of these twice is as good as once, of a POST by its key.
        const isWorthIt = isBusy || (status === 0 && call.method !== "PATCH");
        if (!isWorthIt || failures + 1 >= call.tries || retryAfter > this.timing.longestDelay) throw error;
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

/** What one listens to: a connection that is made anew until `close()`. */
export class Live {
  /** @type {State} */
  state = "connecting";
  /** @type {number | undefined} What to give as `since` to go on here another time. */
  lastEventId;
  #client; #options; #filter; #socket; #settling; #timer;
  #subscriptions = []; #isChanged = false; #taskId = null; #failures = 0; #wasRefused = false;
  #stop = new AbortController(); #end = () => {}; #goOn = () => {};

  /** @param {TmsClient} client @param {ListenOptions} options */
  constructor(client, options) {
    const { since, filter } = options;
    if (since !== undefined && !(Number.isSafeInteger(since) && since >= 0)) throw new TypeError(`since: ${since}`);
    this.#client = client;
    this.#options = options;
    this.#filter = filter && given(filter);
    this.lastEventId = since;
    globalThis.addEventListener?.("online", this.#lookAgain, { signal: this.#stop.signal });
    globalThis.document?.addEventListener("visibilitychange", this.#lookAgain, { signal: this.#stop.signal });
    this.#run();
  }

  /** Listen to what fits this too. @param {Words} filter @param {string} [id] The same again takes its place. */
  subscribe(filter, id) {
    const subscription = { type: "subscribe", id, filter: given(filter) };
    this.#subscriptions = [...this.#subscriptions.filter((one) => !id || one.id !== id), subscription];
    this.#isChanged = true;
    this.#say(subscription);
  }

  /** @param {string} [id] By default all, and the filter that one began with: then everything comes. */
  unsubscribe(id) {
    if (!id) this.#filter = undefined;
    this.#subscriptions = this.#subscriptions.filter((one) => id && one.id !== id);
    this.#isChanged = true;
    this.#say({ type: "unsubscribe", id });
  }

  /** @param {number | null} taskId The task that one looks at now, if any; `onPresence` is told who else does. */
  presence(taskId) {
    this.#taskId = taskId;
    this.#say({ type: "presence", task_id: taskId });
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
        const { code, lasted } = await this.#converse(await this.#address());
        this.#wasRefused = lasted === undefined;
        if (lasted > timing.slowDelay) this.#failures = 0;
        await this.#rest(CLOSED_FOR_LATER.includes(code) ? timing.slowDelay : 0, code);
      } catch (error) {
        if (this.state === "closed") return;
        if (!(error instanceof TmsError) || HOPELESS.includes(error.status)) {
          this.close();
          return this.#tell("onError", error);
        }
        await this.#rest(error.retryAfter ?? 0, error, error.retryAfter !== undefined);
      }
    }
  }

  /** A page is never told why a handshake failed, so the API is asked first. After 4401 that renews the tokens, too. */
  async #address() {
    const options = { signal: this.#stop.signal, tries: 1 };
    if (this.#wasRefused && this.#filter) await this.#ask("/api/task", { ...options, params: this.#filter });
    this.lastEventId ??= (await this.#ask("/api/sync", options))?.next;
    const { ticket, url } = await this.#client.request("POST", "/api/ws-ticket", options);
    // Subscriptions, and what is changed while it connects, are told on the open connection; then it is resumed.
    this.#isChanged = this.#subscriptions.length > 0;
    const words = this.#isChanged ? {} : { ...this.#filter, since: this.lastEventId };
    return (this.#client.realtime ?? url) + asQuery({ ...words, ticket });
  }

  /** Nothing where the package that would answer is left out. */
  #ask(path, options) {
    return this.#client.request("GET", path, options).catch((error) => {
      if (error?.status !== 404) throw error;
    });
  }

  /** One connection: the code that it ended with, and how long it was open. */
  #converse(address) {
    this.#stop.signal.throwIfAborted();
    return new Promise((resolve) => {
      let openedAt;
      const socket = (this.#socket = new WebSocket(address));
      // Not waiting for the socket's own end: where the other side is gone that takes long.
      this.#end = (code) => {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
        resolve({ code, lasted: openedAt && Date.now() - openedAt });
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
    this.#become("open");
    this.#settling = undefined;
    if (this.#taskId !== null) this.presence(this.#taskId);
    if (!this.#isChanged) return;
    this.#say({ type: "unsubscribe" });
    if (this.#filter) this.#say({ type: "subscribe", filter: this.#filter });
    for (const subscription of this.#subscriptions) this.#say(subscription);
    if (this.lastEventId !== undefined) this.#settle();
  }

  /** Subscriptions hold from the next event on, so it is resumed behind them. What follows the second pong has been
   *  resumed; of what comes between the two nobody could tell, and it is done again. */
  #settle() {
    this.#settling = { pongs: 0, isUnclear: false };
    this.#say({ type: "ping" });
    this.#say({ type: "resume", since: this.lastEventId });
    this.#say({ type: "ping" });
  }

  #heard(message) {
    this.#within(this.#client.timing.pingAfter, this.#probe);
    const { type, event_id: id } = message;
    const settling = this.#settling;
    if (type === "presence") this.#tell("onPresence", message);
    else if (type === "error") this.#tell("onError", new TmsError(400, { detail: message.message }));
    else if (type === "pong" && settling && ++settling.pongs === 2) {
      this.#settling = undefined;
      if (settling.isUnclear) this.#settle();
    } else if (id !== undefined && settling) settling.isUnclear ||= settling.pongs === 1;
    else if (type === "reset" || id > (this.lastEventId ?? -1)) {
      this.lastEventId = id;
      this.#tell(type === "reset" ? "onReset" : "onEvent", message);
    }
  }

  #probe = () => {
    if (!this.#settling) this.#say({ type: "ping" });
    this.#within(this.#client.timing.pongWithin, () => this.#end());
  };

  /** The network is back, or somebody looks at the page. */
  #lookAgain = () => {
    if (globalThis.document?.visibilityState === "hidden") return;
    if (this.state === "open") this.#probe();
    else this.#goOn();
  };

  #rest(least, cause, isOrder = false) {
    const retryIn = least + backOff(this.#client.timing, this.#failures++);
    this.#become("waiting", { retryIn, cause });
    return new Promise((resolve) => {
      this.#goOn = isOrder ? () => {} : resolve;
      this.#within(retryIn, resolve);
    });
  }

  #say(message) {
    if (this.state === "open") this.#socket.send(JSON.stringify(message));
  }

  #within(time, act) {
    clearTimeout(this.#timer);
    if (this.state !== "closed") this.#timer = setTimeout(act, Math.min(time, 2 ** 31 - 1));
  }

  #become(state, more = {}) {
    if (this.state === "closed") return;
    this.state = state;
    this.#tell("onState", state, more);
  }

  /** On its own, so that a mistake in a callback is reported like any other and ends nothing here. */
  #tell(name, ...said) {
    queueMicrotask(() => this.#options[name]?.(...said));
  }
}

function makeCall(method, url, { body, headers, signal, tries = 5 }) {
  // Not crypto.randomUUID, which is for https and localhost only.
  const own = method === "POST" ? { "Idempotency-Key": crypto.getRandomValues(new Uint32Array(4)).join("-") } : {};
  if (body !== undefined) own["Content-Type"] = "application/json";
  return { method, url, headers: { ...own, ...headers }, body: JSON.stringify(body), signal, tries };
}

function given(words = {}) {
  return Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined && value !== null));
}

/** Several values become one word with commas. */
function asQuery(words) {
  const text = new URLSearchParams(given(words)).toString();
  return text && `?${text}`;
}

/** Doubles from failure to failure; somewhere up to that, so that clients do not come back in step. */
function backOff({ firstDelay, longestDelay }, failures) {
  return Math.random() * Math.min(longestDelay, firstDelay * 2 ** failures);
}

function pause(time, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, time);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
