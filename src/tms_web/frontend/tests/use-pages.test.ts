import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { api } from "tms/api";
import { usePages } from "tms/module";
import { turn } from "./held.ts";
import { act, renderHook } from "./hook.ts";

interface Item {
  id: number;
}

interface ItemPage {
  results: Item[];
  next: string | null;
}

const SIZE = 3;

/** Pages of what has the numbers down from `newest`. */
async function pagesOf(newest: number) {
  const server = { newest, gone: new Set<number>(), held: null as Promise<void> | null };
  mock.method(api, "get", async (_path: string, { cursor }: { cursor: string }) => {
    const before = Number(cursor || Number.POSITIVE_INFINITY);
    const all = Array.from({ length: server.newest }, (_, index) => ({ id: server.newest - index }));
    const found = all.filter(({ id }) => id < before && !server.gone.has(id));
    const results = found.slice(0, SIZE);
    const page = { results, next: found.length > SIZE ? `/api/items?cursor=${results.at(-1)?.id}` : null };
    const { held } = server;
    server.held = null;
    await held;
    return page;
  });
  const pages = await renderHook(() => usePages<ItemPage>("/api/items", {}));
  await act(turn);
  return {
    server,
    pages,
    ids: () => pages.current.items.map(({ id }) => id),
    /** The response comes when the returned function is called. */
    beginToLoadMore: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.held = promise;
      let more: Promise<void> | undefined;
      await act(() => {
        more = pages.current.loadMore();
      });
      return () =>
        act(() => {
          resolve();
          return more;
        });
    },
    loadMore: () => act(() => pages.current.loadMore()),
    /** As at intervals. */
    refresh: () => act(() => pages.current.resource.reload()),
  };
}

afterEach(() => mock.restoreAll());

test("what new items push off the first page stays before the later pages, and what is gone leaves", async () => {
  const { server, ids, loadMore, refresh, pages } = await pagesOf(8);
  await loadMore();
  assert.deepEqual(ids(), [8, 7, 6, 5, 4, 3]);

  server.newest = 10;
  await refresh();
  assert.deepEqual(ids(), [10, 9, 8, 7, 6, 5, 4, 3]);
  server.gone.add(9);
  await refresh();
  assert.deepEqual(ids(), [10, 8, 7, 6, 5, 4, 3]);
  await loadMore();
  assert.deepEqual(ids(), [10, 8, 7, 6, 5, 4, 3, 2, 1]);
  assert.equal(pages.current.hasMore, false);
  await pages.unmount();
});

test("after more new items than a page has, the later pages are read again", async () => {
  const { server, ids, loadMore, refresh, beginToLoadMore, pages } = await pagesOf(6);
  await loadMore();
  server.newest = 12;
  await refresh();
  assert.deepEqual(ids(), [12, 11, 10]);

  const endLoadingMore = await beginToLoadMore();
  server.newest = 18;
  await refresh();
  await endLoadingMore();
  assert.deepEqual(ids(), [18, 17, 16]);
  await loadMore();
  assert.deepEqual(ids(), [18, 17, 16, 15, 14, 13]);
  await pages.unmount();
});

test("reading anew forgets the later pages, also one that is on its way", async () => {
  const { ids, loadMore, beginToLoadMore, pages, server } = await pagesOf(9);
  await loadMore();
  const endLoadingMore = await beginToLoadMore();
  server.gone.add(8);
  await act(() => pages.current.reload());
  assert.deepEqual([ids(), pages.current.isLoadingMore], [[9, 7, 6], false]);

  await endLoadingMore();
  assert.deepEqual(ids(), [9, 7, 6]);
  await pages.unmount();
});

test("a first page whose last item is gone does not keep it", async () => {
  const { server, ids, refresh, pages } = await pagesOf(6);
  server.gone.add(4);
  await refresh();
  assert.deepEqual(ids(), [6, 5, 3]);
  await pages.unmount();
});
