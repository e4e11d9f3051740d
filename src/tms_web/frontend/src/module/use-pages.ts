/** A list of the API in pages, by cursor or number: the first page is read again at intervals, the others once. */
import { useEffect, useRef, useState } from "preact/hooks";
import { api, errorText } from "tms/api";
import { toast } from "tms/ui";
import { type Resource, useResource } from "./use-resource.ts";

export interface Page<Item> {
  results: readonly Item[];
  /** The URL of the next page, with `cursor` or `page`; null on the last one. */
  next: string | null;
}

export interface Pages<Item, First> {
  /** The first page, as it was read last. */
  resource: Resource<First>;
  /** Those of all pages that are read. */
  items: readonly Item[];
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => Promise<void>;
  /** Reads the first page again, and forgets the others. */
  reload: () => Promise<void>;
}

/** The pages that are read, as one. */
interface Loaded<Item> extends Page<Item> {
  key: string;
  hasLater: boolean;
}

export interface PagesOptions {
  /** Milliseconds between reads of the first page. */
  every?: number;
  /** The parameter of a page's position. */
  by?: "cursor" | "page";
  /** Makes the request now or later. */
  run?: <T>(signal: AbortSignal, request: () => Promise<T>) => Promise<T>;
}

const FIRST = { cursor: "", page: "1" };

/** Another `path` or `query` starts anew; a failure to load more is a toast. Items with an `id` stand once. */
export function usePages<First extends Page<object>>(
  path: string,
  query: Readonly<Record<string, string | number>>,
  { every, by = "cursor", run = (_, request) => request() }: PagesOptions = {},
): Pages<First["results"][number], First> {
  type Item = First["results"][number];
  const key = JSON.stringify([path, query]);
  const read = (position: string, signal: AbortSignal) =>
    run(signal, () => api.get<First>(path, { ...query, [by]: position }, { signal, tries: 1 }));
  const [state, setLoaded] = useState<Loaded<Item> | null>(null);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const loading = useRef<AbortController | null>(null);
  const loaded = state?.key === key ? state : null;
  const next = loaded?.next ?? null;
  const resource = useResource(
    key,
    async (signal) => {
      const page = await read(FIRST[by], signal);
      if (!signal.aborted) setLoaded((before) => ({ key, ...withFirst(before?.key === key ? before : null, page) }));
      return page;
    },
    { ...(every && { every }) },
  );
  const stopLoading = () => {
    loading.current?.abort();
    setLoadingMore(false);
  };
  useEffect(() => stopLoading, [key]);

  const loadMore = async () => {
    if (next === null || isLoadingMore) return;
    loading.current = new AbortController();
    const { signal } = loading.current;
    setLoadingMore(true);
    try {
      const page = await read(new URL(next, "http://localhost").searchParams.get(by) ?? FIRST[by], signal);
      // After a first page that has nothing in common with the one before, it is not the next one any more.
      if (!signal.aborted)
        setLoaded((before) => (before?.next === next ? { ...before, ...withNext(before, page) } : before));
    } catch (error) {
      if (!signal.aborted) toast(errorText(error), { tone: "error" });
    } finally {
      if (!signal.aborted) setLoadingMore(false);
    }
  };
  return {
    resource,
    items: loaded?.results ?? [],
    hasMore: next !== null,
    isLoadingMore,
    loadMore,
    reload: () => {
      stopLoading();
      setLoaded(resource.data ? { key, ...firstOf(resource.data) } : null);
      return resource.reload();
    },
  };
}

function firstOf<Item>({ results, next }: Page<Item>): Omit<Loaded<Item>, "key"> {
  return { results, next, hasLater: false };
}

/** What stood behind the last item of the first page is kept, unless that has nothing in common with what was loaded. */
function withFirst<Item extends object>(before: Loaded<Item> | null, page: Page<Item>): Omit<Loaded<Item>, "key"> {
  if (!before?.hasLater || page.next === null) return firstOf(page);
  const places = new Map(before.results.map((one, index) => [idOf(one), index]));
  const last = page.results.findLast((one) => places.has(idOf(one)));
  const later = last ? without(before.results.slice(Number(places.get(idOf(last))) + 1), page.results) : [];
  return later.length ? { ...before, results: [...page.results, ...later] } : firstOf(page);
}

function withNext<Item extends object>(before: Page<Item>, { results, next }: Page<Item>): Omit<Loaded<Item>, "key"> {
  return { results: [...before.results, ...without(results, before.results)], next, hasLater: true };
}

/** The items that are not among others; those without id never are. */
function without<Item extends object>(items: readonly Item[], others: readonly Item[]): Item[] {
  const known = new Set(others.map(idOf));
  return items.filter((one) => idOf(one) === undefined || !known.has(idOf(one)));
}

function idOf(item: object): unknown {
  return (item as { id?: unknown }).id;
}
