/** What became of the notifications of a user, newest first. */
import { useState } from "preact/hooks";
import { api, errorText, type LedgerNotification, type LedgerPage } from "tms/api";
import { type Resource, useResource } from "tms/module";
import { toast } from "tms/ui";
import { cursorOf } from "./inbox-list.ts";

// Milliseconds.
const EVERY = 15_000;
const PAGE_SIZE = 30;

export interface Ledger {
  resource: Resource<LedgerPage>;
  rows: readonly LedgerNotification[];
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => Promise<void>;
}

interface More {
  key: string;
  rows: readonly LedgerNotification[];
  next: string | null;
}

/** `path` is that of the user's log; the first page is read again at intervals. */
export function useLedger(path: string, taskId: number | null): Ledger {
  const key = `${path} ${taskId}`;
  const read = (cursor: string, signal?: AbortSignal) =>
    api.get<LedgerPage>(
      path,
      { ...(taskId !== null && { task_id: taskId }), cursor, page_size: PAGE_SIZE },
      { ...(signal && { signal }), tries: 1 },
    );
  const resource = useResource(key, (signal) => read("", signal), { every: EVERY });
  const [more, setMore] = useState<More | null>(null);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const older = more?.key === key ? more : null;
  const first = resource.data?.results ?? [];
  const known = new Set(first.map(({ id }) => id));
  const next = older ? older.next : resource.data ? cursorOf(resource.data) : null;

  const loadMore = async () => {
    if (next === null || isLoadingMore) return;
    setLoadingMore(true);
    try {
      const page = await read(next);
      setMore({ key, rows: [...(older?.rows ?? []), ...page.results], next: cursorOf(page) });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    } finally {
      setLoadingMore(false);
    }
  };
  return {
    resource,
    rows: [...first, ...(older?.rows.filter(({ id }) => !known.has(id)) ?? [])],
    hasMore: next !== null,
    isLoadingMore,
    loadMore,
  };
}
