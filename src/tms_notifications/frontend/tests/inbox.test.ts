import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient, InboxNotification } from "tms/api";
import { Inbox } from "../inbox.ts";

function makeRow(id: number, more: Partial<InboxNotification> = {}): InboxNotification {
  return {
    id,
    event_id: id,
    kind: "updated",
    task: { id: 1, title: "Paint the fence" },
    actor: { id: 1, username: "ann" },
    changes: {},
    created_at: "2027-03-01T12:00:00Z",
    is_read: false,
    is_archived: false,
    outcome: "sent",
    reason: "sent",
    detail: "",
    ...more,
  };
}

const VALUES = {
  read: { is_read: true },
  unread: { is_read: false },
  archive: { is_read: true, is_archived: true },
  unarchive: { is_archived: false },
};

/** Newest first. */
const makeRows = (count: number) => Array.from({ length: count }, (_, index) => makeRow(count - index));

/** A server with notifications, newest first; `fail` makes the next change fail. */
function makeServer(count: number) {
  const server = {
    rows: makeRows(count),
    fail: false,
    held: null as Promise<void> | null,
    /** The next page that is read arrives when the returned function is called. */
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.held = promise;
      return resolve;
    },
  };
  const unread = () => server.rows.filter(({ is_read }) => !is_read).length;
  const get = async (_path: string, params: Record<string, string | number>) => {
    const before = Number(params.cursor || Number.POSITIVE_INFINITY);
    const found = server.rows.filter(
      (row) =>
        row.id < before &&
        row.is_archived === (params.archived === "true") &&
        !(params.unread === "true" && row.is_read),
    );
    const size = Number(params.page_size);
    const page = found.slice(0, size);
    const next = found.length > size ? `http://localhost/?cursor=${page.at(-1)?.id}` : null;
    const answer = { results: page, next, unread: unread() };
    const { held } = server;
    server.held = null;
    await held;
    return answer;
  };
  const post = async (path: string, body: { ids?: number[]; all?: true }) => {
    await tick();
    if (server.fail) throw new Error("refused");
    const more = VALUES[path.split("/").at(-1) as keyof typeof VALUES];
    server.rows = server.rows.map((row) => (body.all || body.ids?.includes(row.id) ? { ...row, ...more } : row));
    return { changed: 1, unread: unread() };
  };
  const made = Object.assign(server, { post });
  const api = { get, post: (path: string, body: { ids?: number[]; all?: true }) => made.post(path, body) };
  return { server: made, inbox: new Inbox(api as unknown as ApiClient) };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));
const idsOf = (list: { shown: { value: readonly InboxNotification[] } }) => list.shown.value.map(({ id }) => id);

test("a change is shown before the server answers", async () => {
  const { inbox } = makeServer(3);
  const list = inbox.open("all");
  await tick();
  assert.equal(inbox.unread.value, 3);

  const done = inbox.archive(list.shown.value.slice(0, 1));

  assert.deepEqual(idsOf(list), [2, 1]);
  assert.equal(inbox.unread.value, 2);
  await done;
  assert.deepEqual(idsOf(list), [2, 1]);
  assert.equal(inbox.unread.value, 2);
});

test("a refused change is taken back, with its count", async () => {
  const { server, inbox } = makeServer(2);
  const list = inbox.open("all");
  await tick();
  server.fail = true;

  const done = inbox.readAll();
  assert.equal(inbox.unread.value, 0);
  await assert.rejects(done, /refused/);
  await tick();

  assert.equal(inbox.unread.value, 2);
  assert.deepEqual(
    list.shown.value.map(({ is_read }) => is_read),
    [false, false],
  );
});

test("what is read stays in the list of unread ones, until that is opened again", async () => {
  const { inbox } = makeServer(3);
  const list = inbox.open("unread");
  await tick();

  await inbox.read(list.shown.value.slice(1, 2));
  await inbox.refresh();

  assert.deepEqual(
    list.shown.value.map(({ id, is_read }) => [id, is_read]),
    [
      [3, false],
      [2, true],
      [1, false],
    ],
  );
  inbox.close(list);
  const again = inbox.open("unread");
  await tick();
  assert.deepEqual(idsOf(again), [3, 1]);
});

test("what is taken back from the archive is in its place again, and unread as it was", async () => {
  const { server, inbox } = makeServer(3);
  const [list, archived] = [inbox.open("all"), inbox.open("archived")];
  await tick();
  const rows = list.shown.value.slice(1, 2);
  await inbox.archive(rows);
  assert.deepEqual([idsOf(list), inbox.unread.value], [[3, 1], 2]);

  await inbox.unarchive(rows);

  assert.deepEqual([idsOf(list), idsOf(archived), inbox.unread.value], [[3, 2, 1], [], 3]);
  assert.equal(list.shown.value[1]?.is_read, false);
  assert.equal(server.rows[1]?.is_read, false);
});

test("a notification is marked as unread at once", async () => {
  const { inbox } = makeServer(1);
  const list = inbox.open("unread");
  await tick();
  await inbox.read(list.shown.value);

  const done = inbox.markUnread(list.shown.value);

  assert.equal(inbox.unread.value, 1);
  assert.equal(list.shown.value[0]?.is_read, false);
  await done;
  assert.equal(inbox.unread.value, 1);
});

test("new notifications join a list whose older pages are loaded, and archived ones leave it", async () => {
  const { server, inbox } = makeServer(5);
  const list = inbox.open("all", 2);
  await tick();
  await list.loadMore();
  assert.deepEqual(idsOf(list), [5, 4, 3, 2]);

  server.rows = [makeRow(6), ...server.rows.filter(({ id }) => id !== 5)];
  await inbox.refresh();
  assert.deepEqual(idsOf(list), [6, 4, 3, 2]);

  await list.loadMore();
  assert.deepEqual(idsOf(list), [6, 4, 3, 2, 1]);
  assert.equal(list.hasMore.value, false);
});

test("after more new notifications than a page has, those in between are read as older ones", async () => {
  const { server, inbox } = makeServer(4);
  const list = inbox.open("all", 2);
  await tick();
  await list.loadMore();
  assert.deepEqual(idsOf(list), [4, 3, 2, 1]);

  server.rows = makeRows(9);
  await inbox.refresh();
  assert.deepEqual(idsOf(list), [9, 8]);
  while (list.hasMore.value) await list.loadMore();
  assert.deepEqual(idsOf(list), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
});

test("an older page that comes after a burst of new notifications leaves no gap", async () => {
  const { server, inbox } = makeServer(6);
  const list = inbox.open("all", 2);
  await tick();
  const release = server.hold();
  const more = list.loadMore();
  await tick();

  server.rows = makeRows(12);
  await inbox.refresh();
  release();
  await more;
  assert.deepEqual(idsOf(list), [12, 11]);
  await list.loadMore();
  assert.deepEqual(idsOf(list), [12, 11, 10, 9]);
});

test("a page that is older than a confirmed change does not undo it", async () => {
  const { server, inbox } = makeServer(4);
  const list = inbox.open("all", 2);
  await tick();
  const releaseFirst = server.hold();
  const refreshed = inbox.refresh();
  await tick();
  await inbox.archive(list.shown.value.slice(0, 1));
  releaseFirst();
  await refreshed;
  assert.deepEqual(idsOf(list), [3, 2]);

  const releaseOlder = server.hold();
  const more = list.loadMore();
  await tick();
  await inbox.readAll();
  releaseOlder();
  await more;
  assert.deepEqual(
    list.shown.value.map(({ id, is_read }) => [id, is_read]),
    [
      [3, true],
      [2, true],
      [1, true],
    ],
  );
});

test("the next user sees nothing of the one before", async () => {
  const { inbox } = makeServer(1);
  const list = inbox.open("all");
  await tick();

  inbox.clear();

  assert.equal(inbox.unread.value, null);
  assert.deepEqual(idsOf(list), []);
});

test("a list is read after the changes that are on their way", async () => {
  const { inbox } = makeServer(2);
  const all = inbox.open("all");
  await tick();
  const read = inbox.read(all.shown.value.slice(0, 1));

  const unread = inbox.open("unread");
  await read;
  await tick();

  assert.deepEqual(idsOf(unread), [1]);
});

test("changes of a notification arrive in the order of the keys", async () => {
  const { server, inbox } = makeServer(1);
  const list = inbox.open("all");
  await tick();
  await inbox.read(list.shown.value);
  const order: string[] = [];
  const post = server.post;
  server.post = async (path, body) => {
    // The first one takes longer on its way.
    if (path.endsWith("/unread")) await tick();
    order.push(path.split("/").at(-1) as string);
    return post(path, body);
  };

  const first = inbox.markUnread(list.shown.value);
  const second = inbox.read(list.shown.value);
  assert.equal(list.shown.value[0]?.is_read, true);
  await first;
  assert.equal(list.shown.value[0]?.is_read, true);
  await second;

  assert.deepEqual(order, ["unread", "read"]);
  assert.equal(inbox.unread.value, 0);
});

test("changes that wait are not sent as the next user's", async () => {
  const { server, inbox } = makeServer(2);
  const list = inbox.open("all");
  await tick();
  const first = inbox.read(list.shown.value.slice(0, 1));
  const second = inbox.readAll();
  // The first one is on its way.
  await Promise.resolve();

  inbox.clear();
  await Promise.all([first, second]);

  assert.deepEqual(
    server.rows.map(({ is_read }) => is_read),
    [true, false],
  );
  assert.equal(inbox.unread.value, null);
});
