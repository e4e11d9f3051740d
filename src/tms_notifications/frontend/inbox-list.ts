/** One view of the inbox, newest first; older notifications are read page by page. */
import { computed, signal } from "@preact/signals";
import type { ApiClient, InboxNotification, InboxPage } from "tms/api";

export const FILTERS = ["all", "unread", "archived"] as const;
export type Filter = (typeof FILTERS)[number];
/** Changes that the server has not confirmed yet, by id. */
export type Pending = ReadonlyMap<number, Partial<InboxNotification>>;

const PATH = "/api/notifications";

export class InboxList {
  readonly filter: Filter;
  /** Null until the first page is there. */
  readonly rows = signal<readonly InboxNotification[] | null>(null);
  /** Why the last attempt to read the first page, or an older one, failed. */
  readonly error = signal<unknown>(null);
  readonly isLoadingMore = signal(false);
  /** As the user sees them, with the changes that are on their way. */
  readonly shown = computed(() => this.#shown());
  readonly hasMore = computed(() => this.#next.value !== null);
  readonly #api: ApiClient;
  readonly #pageSize: number;
  readonly #pending: { readonly value: Pending };
  readonly #next = signal<string | null>(null);
  /** Read here: they stay in the list of unread ones until it is opened again. */
  readonly #kept = new Set<number>();
  /** How many changes the server has confirmed. */
  #confirmed = 0;
  #turn = 0;
  #isClosed = false;

  constructor(api: ApiClient, filter: Filter, pending: { readonly value: Pending }, pageSize: number) {
    this.#api = api;
    this.filter = filter;
    this.#pending = pending;
    this.#pageSize = pageSize;
  }

  /** Reads the newest ones again; returns how many are unread, or null if that failed or is out of date. */
  async refresh(): Promise<number | null> {
    const turn = ++this.#turn;
    try {
      const page = await this.#read("");
      if (turn !== this.#turn || this.#isClosed) return null;
      this.error.value = null;
      this.#merge(page);
      return page.unread;
    } catch (error) {
      if (turn === this.#turn && !this.#isClosed) this.error.value = error;
      return null;
    }
  }

  async loadMore(): Promise<void> {
    const cursor = this.#next.peek();
    if (cursor === null || this.isLoadingMore.peek()) return;
    this.isLoadingMore.value = true;
    try {
      const page = await this.#read(cursor);
      // The older ones were forgotten meanwhile.
      if (cursor !== this.#next.peek()) return;
      const known = this.rows.peek() ?? [];
      const last = known.at(-1)?.id ?? Number.POSITIVE_INFINITY;
      this.rows.value = [...known, ...page.results.filter(({ id }) => id < last)];
      this.#next.value = cursorOf(page);
      this.error.value = null;
    } catch (error) {
      this.error.value = error;
    } finally {
      this.isLoadingMore.value = false;
    }
  }

  /** Takes over what the server has confirmed. */
  apply(changes: Pending): void {
    this.#confirmed++;
    for (const [id, change] of changes) {
      if (change.is_read === false) this.#kept.delete(id);
      else if (change.is_read && !change.is_archived) this.#kept.add(id);
    }
    const rows = this.rows.peek();
    if (rows) this.rows.value = rows.map((row) => changed(row, changes)).filter((row) => this.#isListed(row));
  }

  /** Adds notifications that belong into this list again; those beyond its last page come with that. */
  insert(rows: readonly InboxNotification[]): void {
    const before = this.rows.peek();
    if (!before) return;
    const last = this.#next.peek() === null ? 0 : (before.at(-1)?.id ?? 0);
    const known = new Set(before.map(({ id }) => id));
    const added = rows.filter((row) => row.id > last && !known.has(row.id) && this.#isListed(row));
    for (const { id } of added) this.#kept.add(id);
    this.rows.value = [...before, ...added].sort((one, other) => other.id - one.id);
  }

  close(): void {
    this.#isClosed = true;
  }

  #shown(): readonly InboxNotification[] {
    const pending = this.#pending.value;
    return (this.rows.value ?? []).map((row) => changed(row, pending)).filter((row) => this.#isListed(row));
  }

  /** An unread notification that is read stays until the list is opened again. */
  #isListed({ is_archived }: InboxNotification): boolean {
    return is_archived === (this.filter === "archived");
  }

  #merge(page: InboxPage): void {
    const before = this.rows.peek() ?? [];
    const cursor = cursorOf(page);
    // The page says all about the notifications from its last one on; older ones are kept as they are.
    const last = cursor === null ? 0 : (page.results.at(-1)?.id ?? 0);
    // With none in common, more than a page has come: those in between are read as older ones.
    const isApart = !before.some(({ id }) => id >= last);
    const older = isApart ? [] : before.filter(({ id }) => id < last);
    const found = new Set(page.results.map(({ id }) => id));
    const kept = before
      .filter(({ id }) => id >= last && !found.has(id) && this.#kept.has(id))
      .map((row) => ({ ...row, is_read: true }));
    this.rows.value = [...page.results, ...kept, ...older].sort((one, other) => other.id - one.id);
    if (!older.length) this.#next.value = cursor;
  }

  /** A page that is older than a confirmed change is read again, since it would undo that. */
  async #read(cursor: string): Promise<InboxPage> {
    const filter = this.filter === "all" ? {} : { [this.filter]: "true" };
    const confirmed = this.#confirmed;
    const page = await this.#api.get<InboxPage>(PATH, { ...filter, cursor, page_size: this.#pageSize }, { tries: 1 });
    return confirmed === this.#confirmed ? page : this.#read(cursor);
  }
}

function changed(row: InboxNotification, changes: Pending): InboxNotification {
  const change = changes.get(row.id);
  return change ? { ...row, ...change } : row;
}

export function cursorOf({ next }: { next: string | null }): string | null {
  return next && new URL(next, "http://localhost").searchParams.get("cursor");
}
