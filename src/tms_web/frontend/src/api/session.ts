/** The session of the user: the access token in memory only; the refresh token in a cookie that no script reads. */
import { computed, signal } from "@preact/signals";
// Not from tms/module, which is built on this module.
import { config } from "../module/config.ts";
import { ApiClient, type ClientTiming, type Send } from "./client.ts";
import { isEarly, lockOf, ME, REFRESH } from "./early.ts";
import { ApiError } from "./errors.ts";
import type { Credentials, FirstAccount, RevokedAccess, User, WebSession } from "./types.ts";

/** `unknown` until the first renewal has been answered. */
export type SessionState = "unknown" | "in" | "out";

// Another TMS of this host, under another base path, has sessions of its own.
const LOCK = lockOf(config.base);
const CHANNEL = LOCK;
const NO_SESSION = "no_session";
// In milliseconds; reading lists for a position of long ago would repeat many changes.
const POSITION_FOR = 10_000;
/** Says nothing about whose session it is. */
const WAS_IN = `tms.session${config.base}`;

export class SessionStore {
  readonly state = signal<SessionState>("unknown");
  readonly user = signal<User | null>(null);
  /** Whether the server has ended the session: revoked elsewhere, or not used for too long. */
  readonly isRevoked = signal(false);
  readonly isAdmin = computed(() => this.user.value?.is_admin ?? false);
  readonly api: ApiClient;
  #access: string | null = null;
  /** The position of the event log when the access token was given. */
  #position: { value: number; at: number } | null = null;
  /** Whether the user has asked to end the session, so that its end is no news. */
  #isLeaving = false;
  #renewing: Promise<string> | null = null;
  readonly #channel =
    "BroadcastChannel" in globalThis && "document" in globalThis ? new BroadcastChannel(CHANNEL) : null;

  constructor(timing?: Partial<ClientTiming>, send?: Send) {
    const renewal = { access: () => this.#access, renew: (stale: string | null) => this.#renew(stale) };
    this.api = new ApiClient(renewal, timing, send);
    // Signing out in one tab signs out all; signing in is noticed by the others too.
    this.#channel?.addEventListener("message", ({ data }) => {
      if (data === "out") this.#end();
      else if (data === "in" && this.state.peek() === "out") void this.restore();
    });
  }

  /** Restores the session from the cookie, at the start of the page. Rejects only if the server is away. */
  async restore(): Promise<void> {
    try {
      await this.#renew(null);
      await this.loadUser();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) throw error;
      this.#end();
    }
  }

  /** Whether this browser had a session when the site was left, so that it can probably be restored. */
  wasIn(): boolean {
    try {
      return localStorage.getItem(WAS_IN) !== null;
    } catch {
      // The user has forbidden storage.
      return false;
    }
  }

  async signIn(credentials: Credentials): Promise<void> {
    await this.#begin("/api/web-session", credentials);
  }

  /** Creates the administrator's account of a new installation, with the code that `tms up` prints. */
  async createFirstAccount(account: FirstAccount): Promise<void> {
    await this.#begin("/api/web-session/first-account", account);
  }

  /** Ends all sessions of the user, on other devices too, and API tokens if wanted; `signOut` ends the one of this page. */
  async revokeAll({ endsTokens = false } = {}): Promise<void> {
    const body: RevokedAccess = { end_personal_tokens: endsTokens };
    await this.leave(() => this.api.post("/api/token/revoke-all", body));
  }

  /** Sends a request of the user that ends the session; `signOut` follows. */
  async leave(send: () => Promise<unknown>): Promise<void> {
    this.#isLeaving = true;
    try {
      await send();
    } catch (error) {
      this.#isLeaving = false;
      throw error;
    }
  }

  /** Signs out here and in other tabs; works offline too, as far as this browser is concerned. */
  async signOut(): Promise<void> {
    this.isRevoked.value = false;
    this.#end();
    this.#channel?.postMessage("out");
    await this.api.delete("/api/web-session", { anonymous: true });
  }

  /** The position of the event log before anything was read; null where it was given long ago. */
  takePosition(): number | null {
    const given = this.#position;
    this.#position = null;
    return given && Date.now() - given.at < POSITION_FOR ? given.value : null;
  }

  async loadUser(): Promise<User> {
    const user = await this.api.get<User>(ME);
    this.user.value = user;
    this.isRevoked.value = false;
    this.state.value = "in";
    keepMark(true);
    return user;
  }

  async #begin(path: string, body: unknown): Promise<void> {
    this.#keep(await this.api.post<WebSession>(path, body, { anonymous: true, tries: 2 }));
    await this.loadUser();
    this.#channel?.postMessage("in");
  }

  /** Once for all requests of this tab; tabs take turns, so that each uses the cookie that the other one received. */
  #renew(stale: string | null): Promise<string> {
    if (this.#access && this.#access !== stale) return Promise.resolve(this.#access);
    const refresh = () => this.#refresh();
    // The request that was sent early has its turn already.
    this.#renewing ??= (isEarly("POST", config.base + REFRESH) ? refresh() : this.#inTurn(refresh)).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #refresh(): Promise<string> {
    try {
      const options = { anonymous: true };
      const session = await this.api.post<WebSession>(REFRESH, undefined, options);
      const { access } = session;
      // The browser has no session; the server does not call it an error.
      if (access === null) throw new ApiError(401, { code: NO_SESSION });
      this.#keep(session);
      return access;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        const state = this.state.peek();
        // A new page without a cookie has no session to lose.
        const isLost = state === "in" || (state === "unknown" && error.code !== NO_SESSION);
        if (isLost && !this.#isLeaving) this.isRevoked.value = true;
        this.#end();
      }
      throw error;
    }
  }

  #keep({ access, position }: WebSession): void {
    this.#access = access;
    this.#position = typeof position === "number" ? { value: position, at: Date.now() } : null;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const locks = globalThis.document ? globalThis.navigator?.locks : undefined;
    return locks ? (locks.request(LOCK, act) as Promise<T>) : act();
  }

  #end(): void {
    this.#isLeaving = false;
    this.#access = null;
    this.user.value = null;
    this.state.value = "out";
    keepMark(false);
  }
}

function keepMark(isIn: boolean): void {
  try {
    if (isIn) localStorage.setItem(WAS_IN, "");
    else localStorage.removeItem(WAS_IN);
  } catch {
    // The user has forbidden storage.
  }
}

/** The session of this page. */
export const session = new SessionStore();
export const api = session.api;
