/** The deliveries of a webhook, newest first: the first page is read again at intervals, the others once. */
import { useState } from "preact/hooks";
import { api, errorText } from "tms/api";
import { type Resource, useResource } from "tms/module";
import { toast } from "tms/ui";
import { type Delivery, type DeliveryPage, type DeliveryStatus, PATH } from "./webhooks.ts";

const EVERY = 5_000;

export interface Found {
  resource: Resource<DeliveryPage>;
  deliveries: readonly Delivery[];
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => Promise<void>;
  reload: () => Promise<void>;
}

export function useDeliveries(webhookId: number, status: DeliveryStatus | null): Found {
  const key = `${webhookId} ${status}`;
  const read = (cursor: string, signal?: AbortSignal) =>
    api.get<DeliveryPage>(
      `${PATH}/${webhookId}/deliveries`,
      { cursor, ...(status && { status }) },
      { ...(signal && { signal }), tries: 1 },
    );
  const resource = useResource(key, (signal) => read("", signal), { every: EVERY });
  const [more, setMore] = useState<{ key: string; results: readonly Delivery[]; next: string | null } | null>(null);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const later = more?.key === key ? more : null;
  const first = resource.data?.results ?? [];
  const known = new Set(first.map(({ id }) => id));
  const next = later ? later.next : (resource.data?.next ?? null);

  const loadMore = async () => {
    if (!next || isLoadingMore) return;
    setLoadingMore(true);
    try {
      const page = await read(new URL(next, globalThis.location.href).searchParams.get("cursor") ?? "");
      setMore({ key, results: [...(later?.results ?? []), ...page.results], next: page.next });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    } finally {
      setLoadingMore(false);
    }
  };
  return {
    resource,
    deliveries: [...first, ...(later?.results.filter(({ id }) => !known.has(id)) ?? [])],
    hasMore: next !== null,
    isLoadingMore,
    loadMore,
    reload: () => {
      setMore(null);
      return resource.reload();
    },
  };
}
