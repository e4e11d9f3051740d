/** The users by id, for names and avatars; read once, and one by one where somebody is missing. */
import { computed, signal } from "@preact/signals";
import { type ApiClient, ApiError, type PublicUser, type UserPage } from "tms/api";

/** More users are found by searching for them: nobody reads through a menu of thousands. */
const MAX_LOADED = 1_000;
const SEARCH_SIZE = 50;
/** Milliseconds. */
const FRESH = 10_000;
const collator = new Intl.Collator();

export class UserStore {
  readonly #api: ApiClient;
  readonly #users = signal<ReadonlyMap<number, PublicUser>>(new Map());
  readonly #asked = new Set<number>();
  /** Until the first users are there, nobody is asked for one by one. */
  readonly #isLoading = signal(true);
  #loadedAt = 0;
  /** Everybody whom a task may be assigned to, by name. */
  readonly all = computed(() =>
    [...this.#users.value.values()]
      .filter((one) => !("is_active" in one) || one.is_active)
      .map((user) => ({ user, name: nameOf(user) }))
      .sort((one, other) => collator.compare(one.name, other.name))
      .map(({ user }) => user),
  );

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Whether there are users that are not loaded. */
  readonly isPartial = signal(false);

  /** Loads the first ones; the others are found by `search` and by their id. */
  async load(): Promise<void> {
    let cursor: string | null = "";
    try {
      do {
        const page: UserPage = await this.#api.get<UserPage>("/api/users", {
          page_size: 200,
          ...(cursor && { page: cursor }),
        });
        this.put(page.results);
        cursor = page.next && new URL(page.next, "http://localhost").searchParams.get("page");
        this.isPartial.value = cursor !== null;
      } while (cursor && this.#users.peek().size < MAX_LOADED);
      this.#loadedAt = Date.now();
    } finally {
      this.#isLoading.value = false;
    }
  }

  /**
   * Adds those whose name contains the text: of many users not all are loaded, and some have come since. Without a text,
   * the first ones are read again if that was long ago.
   */
  async search(text: string): Promise<void> {
    if (!text.trim()) {
      if (!this.#isLoading.peek() && Date.now() - this.#loadedAt > FRESH) await this.load();
      return;
    }
    const params = { q: text.trim().slice(0, 150), page_size: SEARCH_SIZE };
    this.put((await this.#api.get<UserPage>("/api/users", params)).results);
  }

  put(users: readonly PublicUser[]): void {
    const known = this.#users.peek();
    const isNew = (one: PublicUser) => JSON.stringify(known.get(one.id)) !== JSON.stringify(one);
    // Every row that shows a name follows them.
    if (!users.some(isNew)) return;
    this.#users.value = new Map([...known, ...users.map((one) => [one.id, one] as const)]);
  }

  /** The user, or undefined while unknown; an unknown id is asked for once. */
  get(id: number): PublicUser | undefined {
    const user = this.#users.value.get(id);
    if (!user && !this.#isLoading.value && !this.#asked.has(id)) {
      this.#asked.add(id);
      void this.#ask(id);
    }
    return user;
  }

  clear(): void {
    this.#users.value = new Map();
    this.isPartial.value = false;
    this.#isLoading.value = true;
    this.#asked.clear();
  }

  async #ask(id: number): Promise<void> {
    try {
      this.put([await this.#api.get<PublicUser>(`/api/users/${id}`)]);
    } catch (error) {
      // A deleted account stays without a name; after a network error it is asked for again.
      if (error instanceof ApiError && error.status === 0) this.#asked.delete(id);
    }
  }
}

/** First and last name, or the user name. */
export function nameOf(user: PublicUser): string {
  return `${user.first_name} ${user.last_name}`.trim() || user.username;
}
