/** A list of tasks by query: pages by cursor, kept right by every change of a task, the user's and others'. */
import { signal } from "@preact/signals";
import type { ApiClient, Params, Task, TaskPage } from "tms/api";
import type { TaskEntities } from "./entities.ts";
import { comparator, type ListQuery, matches, toParams } from "./filters.ts";

export type ListState = "loading" | "ready" | "error";

const REFETCH_AFTER = 300;
const PAGE_SIZE = 100;

/** Requests the first page of a list that will be opened. */
export function prefetchList(api: ApiClient, query: ListQuery): void {
  void api.prefetch("/api/task", pageParams(query, "", PAGE_SIZE));
}

function pageParams(query: ListQuery, cursor: string, pageSize: number): Params {
  return { ...toParams(query), cursor, page_size: pageSize };
}

export class TaskList {
  /** The ids in order, as far as they are loaded. */
  readonly ids = signal<readonly number[]>([]);
  /** `loading` until the first page is there; `error` when the last request failed (the ids stay). */
  readonly state = signal<ListState>("loading");
  readonly error = signal<unknown>(null);
  readonly isLoadingMore = signal(false);
  readonly hasMore = signal(true);
  readonly query: ListQuery;
  readonly #api: ApiClient;
  readonly #entities: TaskEntities;
  readonly #me: number;
  readonly #pageSize: number;
  readonly #start: Promise<void>;
  readonly #compare: (one: Task, other: Task) => number;
  readonly #stops: (() => void)[];
  #cursor: string | null = "";
  #abort = new AbortController();
  /** The request that is on its way, or the last one. */
  #running = Promise.resolve();
  /** Ids that changed while a page was on its way; the page may be older than the change. */
  #touched = new Set<number>();
  /** While the list stores its own page, whose tasks it places itself. */
  #isMerging = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    api: ApiClient,
    entities: TaskEntities,
    query: ListQuery,
    me: number,
    pageSize = PAGE_SIZE,
    start = Promise.resolve(),
  ) {
    this.query = query;
    this.#api = api;
    this.#entities = entities;
    this.#me = me;
    this.#pageSize = pageSize;
    this.#start = start;
    this.#compare = comparator(query.ordering);
    this.#stops = [
      entities.listen((id, _before, after) => this.#onChange(id, after)),
      entities.hold({ ids: () => this.ids.peek(), isLoading: () => this.isLoadingMore.peek() }),
    ];
    void this.loadMore();
  }

  /** Loads the next page, if there is one, or waits for what is loading. Never rejects; see `state` and `error`. */
  loadMore(): Promise<void> {
    if (!this.isLoadingMore.peek() && this.#cursor !== null)
      this.#running = this.#load(this.#cursor, this.#pageSize, false);
    return this.#running;
  }

  /** Reads what is loaded again, in one page or several. */
  reload(): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const size = Math.min(200, Math.max(this.#pageSize, this.ids.peek().length));
    this.#running = this.#load("", size, true);
    return this.#running;
  }

  /** Stops following changes. */
  dispose(): void {
    this.#abort.abort();
    for (const stop of this.#stops) stop();
    clearTimeout(this.#timer);
  }

  async #load(cursor: string, pageSize: number, isFresh: boolean): Promise<void> {
    const { signal: aborted } = this.#abort;
    this.isLoadingMore.value = true;
    try {
      await this.#start;
      if (aborted.aborted) return;
      const params = pageParams(this.query, cursor, pageSize);
      const page = await this.#api.get<TaskPage>("/api/task", params, { signal: aborted });
      if (aborted.aborted) return;
      const touched = this.#touched;
      this.#touched = new Set();
      this.#isMerging = true;
      // The version of a deletion is not always known: what went meanwhile must not come back with an older page.
      const isStale = ({ id }: Task) => touched.has(id) && this.#entities.isGone(id);
      for (const task of page.results) if (!isStale(task)) this.#entities.put(task);
      this.#isMerging = false;
      this.#cursor = page.next && new URL(page.next, "http://localhost").searchParams.get("cursor");
      this.hasMore.value = this.#cursor !== null;
      const known = isFresh ? this.#provisional() : this.ids.peek();
      const found = page.results.map(({ id }) => id).filter((id) => this.#isShown(id));
      const inPage = new Set(found);
      // What has moved back is where the page has it.
      this.ids.value = [...known.filter((id) => !inPage.has(id)), ...found];
      // Before the changes are placed, which a loading list leaves to its page.
      this.state.value = "ready";
      for (const id of [...touched, ...this.#touched]) this.#place(id, this.#entities.peek(id));
      // The last one had nothing behind it to be compared with; the page knows nothing of changes that are not sent yet.
      if (!isFresh) this.#sort(known.filter((id, index) => index === known.length - 1 || inPage.has(id)));
      this.#touched.clear();
      this.error.value = null;
    } catch (error) {
      if (aborted.aborted) return;
      this.error.value = error;
      this.state.value = "error";
    } finally {
      if (!aborted.aborted) this.isLoadingMore.value = false;
    }
  }

  #onChange(id: number, after: Task | undefined): void {
    if (this.#isMerging) return;
    if (this.isLoadingMore.peek()) this.#touched.add(id);
    this.#place(id, after);
  }

  /** Inserts a task, moves it to its place or takes it out. */
  #place(id: number, task: Task | undefined): void {
    const ids = this.ids.peek();
    const isMatch = task ? matches(task, this.query.filters, this.#me) : false;
    if (isMatch === null) {
      this.#refetchSoon();
      return;
    }
    if (!isMatch || !task) {
      if (ids.includes(id)) this.ids.value = ids.filter((one) => one !== id);
    } else if (this.state.peek() !== "loading") this.#insert(task);
  }

  #sort(ids: readonly number[]): void {
    for (const task of ids.map((id) => this.#entities.peek(id)))
      if (task && matches(task, this.query.filters, this.#me)) this.#insert(task);
  }

  #insert(task: Task): void {
    const ids = this.ids.peek();
    const position = ids.indexOf(task.id);
    const others = position >= 0 ? ids.toSpliced(position, 1) : ids;
    const place = this.#placeOf(task, others);
    // Behind the last loaded one there may be others in between, so the next page will bring it.
    const isBeyond = place === others.length && this.hasMore.peek() && position !== ids.length - 1;
    if (isBeyond) {
      if (position >= 0) this.ids.value = others;
    } else if (place !== position) this.ids.value = others.toSpliced(place, 0, task.id);
  }

  #placeOf(task: Task, ids: readonly number[]): number {
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#entities.peek(ids[middle] as number);
      if (other && this.#compare(other, task) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isShown(id: number): boolean {
    const task = this.#entities.peek(id);
    return task !== undefined && matches(task, this.query.filters, this.#me) !== false;
  }

  /** Tasks that the server does not know yet stay in a list that is read again. */
  #provisional(): number[] {
    return this.ids.peek().filter((id) => id < 0 && this.#isShown(id));
  }

  #refetchSoon(): void {
    this.#timer ??= setTimeout(() => void this.#refetch(), REFETCH_AFTER);
  }

  /** After the page that is on its way: changes may be more frequent than pages. */
  async #refetch(): Promise<void> {
    await this.#running;
    this.#timer = undefined;
    if (!this.#abort.signal.aborted) await this.reload();
  }
}
