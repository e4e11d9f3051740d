/** A list of the API in pages, by cursor or number: the first page is read again at intervals, the others once. */
import { useState } from "preact/hooks";
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

interface Later<Item> extends Page<Item> {
  key: string;
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
  const read = (position: string, signal = new AbortController().signal) =>
    run(signal, () => api.get<First>(path, { ...query, [by]: position }, { signal, tries: 1 }));
  const resource = useResource(key, (signal) => read(FIRST[by], signal), { ...(every && { every }) });
  const [later, setLater] = useState<Later<Item> | null>(null);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const more = later?.key === key ? later : null;
  const first: readonly Item[] = resource.data?.results ?? [];
  const known = new Set(first.map(idOf));
  const next = more ? more.next : (resource.data?.next ?? null);

  const loadMore = async () => {
    if (next === null || isLoadingMore) return;
    setLoadingMore(true);
    try {
      const page = await read(new URL(next, globalThis.location.href).searchParams.get(by) ?? FIRST[by]);
      setLater({ key, results: [...(more?.results ?? []), ...page.results], next: page.next });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    } finally {
      setLoadingMore(false);
    }
  };
  return {
    resource,
    items: [...first, ...(more?.results.filter((one) => idOf(one) === undefined || !known.has(idOf(one))) ?? [])],
    hasMore: next !== null,
    isLoadingMore,
    loadMore,
    reload: () => {
      setLater(null);
      return resource.reload();
    },
  };
}

function idOf(item: object): unknown {
  return (item as { id?: unknown }).id;
}
