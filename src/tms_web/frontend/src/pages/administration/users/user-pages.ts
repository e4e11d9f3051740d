/** The users that match a query, read by pages where they are in sight: the same cost at any place of the list. */
import { computed, signal } from "@preact/signals";
import { type ApiClient, ApiError, type ListedUser, type Params, type UserPage } from "tms/api";

const SIZE = 100;

export class UserPages {
  readonly #api: ApiClient;
  readonly #params: Params;
  readonly #pages = signal<ReadonlyMap<number, readonly ListedUser[]>>(new Map());
  readonly #running = new Map<number, AbortController>();
  /** The number of all users that match; null until the first page is there. */
  readonly count = signal<number | null>(null);
  readonly error = signal<unknown>(null);
  /** By place in the list, as far as read. */
  readonly byIndex = computed(() => {
    const found = new Map<number, ListedUser>();
    for (const [page, users] of this.#pages.value)
      for (const [index, user] of users.entries()) found.set((page - 1) * SIZE + index, user);
    return found;
  });

  constructor(api: ApiClient, params: Params) {
    this.#api = api;
    this.#params = params;
  }

  /** Reads the pages of these places that have not been read. */
  async ensure(first: number, last: number): Promise<void> {
    const wanted = pagesOf(first, last).filter((page) => !this.#pages.peek().has(page) && !this.#running.has(page));
    await Promise.all(wanted.map((page) => this.#read(page)));
  }

  /** Reads the pages of these places again, and forgets the others. */
  async refresh(first: number, last: number): Promise<void> {
    const wanted = pagesOf(first, last);
    await Promise.all(wanted.map((page) => this.#read(page)));
    this.#pages.value = new Map([...this.#pages.peek()].filter(([page]) => wanted.includes(page)));
  }

  /** Shows other fields of a user; returns the function that takes them back. */
  patch(id: number, fields: Partial<ListedUser>): () => void {
    const before = [...this.byIndex.peek().values()].find((user) => user.id === id);
    this.#replace(id, (user) => ({ ...user, ...fields }));
    return () => before && this.#replace(id, () => before);
  }

  close(): void {
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
  }

  #replace(id: number, change: (user: ListedUser) => ListedUser): void {
    this.#pages.value = new Map(
      [...this.#pages.peek()].map(([page, users]) => [
        page,
        users.map((user) => (user.id === id ? change(user) : user)),
      ]),
    );
  }

  async #read(page: number): Promise<void> {
    this.#running.get(page)?.abort();
    const controller = new AbortController();
    this.#running.set(page, controller);
    try {
      const params = { ...this.#params, page, page_size: SIZE };
      const found = await this.#api.get<UserPage>("/api/users", params, { signal: controller.signal, tries: 2 });
      if (controller.signal.aborted) return;
      this.count.value = found.count;
      this.error.value = null;
      this.#pages.value = new Map(this.#pages.peek()).set(page, found.results as ListedUser[]);
    } catch (error) {
      if (controller.signal.aborted) return;
      // The list has become shorter.
      if (error instanceof ApiError && error.status === 404 && page > 1) this.count.value = (page - 1) * SIZE;
      else this.error.value = error;
    } finally {
      if (this.#running.get(page) === controller) this.#running.delete(page);
    }
  }
}

function pagesOf(first: number, last: number): number[] {
  const from = Math.floor(Math.max(0, first) / SIZE) + 1;
  const to = Math.floor(Math.max(0, last) / SIZE) + 1;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
