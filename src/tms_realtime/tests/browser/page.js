// The script of test pages: loads the client from the API, and records everything that its callbacks receive.
const api = new URLSearchParams(location.search).get("api");
const { TmsClient, TmsError } = await import(`${api}/tms-client.js`);

// Short delays for tests.
const timing = { firstDelay: 50, slowDelay: 100 };
const received = { events: [], resets: [], states: [], presence: [], viewers: [], errors: [], tokens: [] };
// Shared by all tabs of a browser.
const shared = {
  get: () => JSON.parse(localStorage.getItem("tokens")),
  set: (tokens) => localStorage.setItem("tokens", JSON.stringify(tokens)),
};

/** The outcome of a promise, in JSON for the tests. */
async function outcome(promise) {
  try {
    return { value: await promise };
  } catch (error) {
    const { name, status, detail, errors } = error;
    return { error: { name, status, detail, errors, message: error.message } };
  }
}

function makeClient({ tokens, isShared }) {
  if (isShared && tokens) shared.set(tokens);
  const options = isShared ? { store: shared } : { tokens };
  globalThis.tms = new TmsClient({ onTokens: (tokens) => received.tokens.push(tokens), timing, ...options });
}

function listen(options = {}) {
  globalThis.live = tms.listen({
    onEvent: (event) => received.events.push(event),
    onReset: (reset) => received.resets.push(reset),
    onPresence: (presence) => received.presence.push(presence),
    onViewers: (viewers) => received.viewers.push(viewers),
    onState: (state, { retryIn, cause }) => received.states.push({ state, retryIn, code: cause?.status ?? cause }),
    onError: ({ status, detail, errors }) => received.errors.push({ status, detail, errors }),
    ...options,
  });
}

Object.assign(globalThis, { TmsClient, TmsError, received, shared, outcome, makeClient, listen, isReady: true });
