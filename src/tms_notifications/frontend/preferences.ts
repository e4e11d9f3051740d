/** Mail preferences: changes are shown at once, and taken back if the server refuses them. */
import { signal } from "@preact/signals";
import type { ApiClient, MailPreferences } from "tms/api";

export type PreferenceChange = Partial<MailPreferences>;

const PATH = "/api/users/me/notifications";

export class PreferenceStore {
  /** As the user sees them; null until they are loaded. */
  readonly shown = signal<MailPreferences | null>(null);
  /** Why they could not be loaded. */
  readonly error = signal<unknown>(null);
  readonly #api: ApiClient;
  #confirmed: MailPreferences | null = null;
  #pending: PreferenceChange[] = [];
  /** Changes are sent one after the other, so that the last one wins on the server too. */
  #sending: Promise<unknown> = Promise.resolve();
  #turn = 0;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Never rejects; see `error`. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.error.value = null;
    try {
      const found = await this.#api.get<MailPreferences>(PATH);
      if (turn === this.#turn) this.#show(found);
    } catch (error) {
      if (turn === this.#turn) this.error.value = error;
    }
  }

  /** Rejects with ApiError; then the change has been taken back. */
  change(change: PreferenceChange): Promise<void> {
    // What is being loaded may be older than the change.
    this.#turn++;
    this.#pending = [...this.#pending, change];
    this.#show(this.#confirmed);
    const sent = this.#sending.then(() => this.#send(change));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  /** Forgets everything, for another user. */
  clear(): void {
    this.#turn++;
    this.#pending = [];
    this.error.value = null;
    this.#show(null);
  }

  async #send(change: PreferenceChange): Promise<void> {
    const settle = (preferences: MailPreferences | null) => {
      // After `clear`, the answer belongs to another user.
      if (!this.#pending.includes(change)) return;
      this.#pending = this.#pending.filter((one) => one !== change);
      this.#show(preferences);
    };
    try {
      settle(await this.#api.patch<MailPreferences>(PATH, change));
    } catch (error) {
      settle(this.#confirmed);
      throw error;
    }
  }

  #show(confirmed: MailPreferences | null): void {
    this.#confirmed = confirmed;
    this.shown.value = confirmed && Object.assign({}, confirmed, ...this.#pending);
  }
}
