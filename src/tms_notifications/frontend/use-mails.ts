/** The mails of one status, newest first: the first page is read again at intervals, the others once. */
import { useState } from "preact/hooks";
import { api, errorText, type Mail, type MailPage } from "tms/api";
import { type Resource, useResource } from "tms/module";
import { toast } from "tms/ui";
import type { ShownStatus } from "./mails.ts";

const EVERY = 15_000;

export interface Mails {
  resource: Resource<MailPage>;
  mails: readonly Mail[];
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => Promise<void>;
  reload: () => Promise<void>;
}

interface More {
  status: ShownStatus;
  mails: readonly Mail[];
  next: string | null;
}

export function useMails(status: ShownStatus): Mails {
  const read = (cursor: string, signal?: AbortSignal) =>
    api.get<MailPage>("/api/admin/mails", { status, cursor }, { ...(signal && { signal }), tries: 1 });
  const resource = useResource(status, (signal) => read("", signal), { every: EVERY });
  const [more, setMore] = useState<More | null>(null);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const later = more?.status === status ? more : null;
  const first = resource.data?.results ?? [];
  const known = new Set(first.map(({ id }) => id));
  const next = later ? later.next : (resource.data?.next ?? null);

  const loadMore = async () => {
    if (!next || isLoadingMore) return;
    setLoadingMore(true);
    try {
      const cursor = new URL(next, globalThis.location.href).searchParams.get("cursor") ?? "";
      const page = await read(cursor);
      setMore({ status, mails: [...(later?.mails ?? []), ...page.results], next: page.next });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    } finally {
      setLoadingMore(false);
    }
  };
  return {
    resource,
    mails: [...first, ...(later?.mails.filter(({ id }) => !known.has(id)) ?? [])],
    hasMore: next !== null,
    isLoadingMore,
    loadMore,
    reload: () => {
      setMore(null);
      return resource.reload();
    },
  };
}
