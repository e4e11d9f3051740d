// What a page of the tests brings: the client from the API's own address, and notes of all that it is told.
const api = new URLSearchParams(location.search).get("api");
const { TmsClient, TmsError } = await import(`${api}/tms-client.js`);

// So that tests need not wait for long.
const timing = { firstDelay: 50, slowDelay: 100 };
const heard = { events: [], resets: [], states: [], presence: [], errors: [], tokens: [] };
// For all tabs of a browser.
const shared = {
  get: () => JSON.parse(localStorage.getItem("tokens")),
  set: (tokens) => localStorage.setItem("tokens", JSON.stringify(tokens)),
};

/** What came of it, as tests read it. */
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
  globalThis.tms = new TmsClient({ onTokens: (tokens) => heard.tokens.push(tokens), timing, ...options });
}

function listen(options = {}) {
  globalThis.live = tms.listen({
    onEvent: (event) => heard.events.push(event),
    onReset: (reset) => heard.resets.push(reset),
    onPresence: (presence) => heard.presence.push(presence),
    onState: (state, { retryIn, cause }) => heard.states.push({ state, retryIn, code: cause?.status ?? cause }),
    onError: ({ status, detail, errors }) => heard.errors.push({ status, detail, errors }),
    ...options,
  });
}

Object.assign(globalThis, { TmsClient, TmsError, heard, shared, outcome, makeClient, listen, isReady: true });
