/** A list of tasks behind a number, page by page. */
import { useState } from "preact/hooks";
import { api, errorText, type Params } from "tms/api";
import { type Resource, useResource } from "tms/module";
import { toast } from "tms/ui";
import { inTurn } from "../turns.ts";

export interface AnyList {
  results: readonly unknown[];
  count: number;
  next: string | null;
}

export interface TaskList<T extends AnyList> {
  /** The first page. */
  resource: Resource<T>;
  /** Those of all pages that are read. */
  rows: T["results"];
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => Promise<void>;
  /** Reads the first page again, and forgets the others. */
  reload: () => Promise<void>;
}

/** Another `path` or other `params` start anew; a failure to load more is a toast. */
export function useTaskList<T extends AnyList>(path: string, params: Params): TaskList<T> {
  const key = JSON.stringify([path, params]);
  const read = (page: number, signal: AbortSignal) =>
    inTurn(signal, () => api.get<T>(path, { ...params, page }, { signal }));
  const resource = useResource(key, (signal) => read(1, signal));
  const [later, setLater] = useState<{ key: string; pages: readonly T[] } | null>(null);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const more = later?.key === key ? later.pages : [];
  const pages = resource.data ? [resource.data, ...more] : [];
  const hasMore = Boolean(pages.at(-1)?.next);
  const loadMore = async () => {
    if (!hasMore || isLoadingMore) return;
    setLoadingMore(true);
    try {
      const page = await read(pages.length + 1, new AbortController().signal);
      setLater({ key, pages: [...more, page] });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    } finally {
      setLoadingMore(false);
    }
  };
  return {
    resource,
    rows: pages.flatMap(({ results }) => results),
    hasMore,
    isLoadingMore,
    loadMore,
    reload: () => {
      setLater(null);
      return resource.reload();
    },
  };
}
