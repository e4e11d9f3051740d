/** The inbox of the user: the number of unread notifications, open lists, and changes, which are shown at once. */
import { signal } from "@preact/signals";
import type { ApiClient, ChangedNotifications, InboxNotification } from "tms/api";
import { type Filter, InboxList, type Pending } from "./inbox-list.ts";

type Change = "read" | "unread" | "archive" | "unarchive";

const PATH = "/api/notifications";
const VALUES: Record<Change, Partial<InboxNotification>> = {
  read: { is_read: true },
  unread: { is_read: false },
  archive: { is_read: true, is_archived: true },
  unarchive: { is_archived: false },
};
// The server's maximum.
const MAX_IDS = 500;

export class Inbox {
  /** Null until it is known. The server counts up to 1000. */
  readonly unread = signal<number | null>(null);
  readonly #api: ApiClient;
  readonly #pending = signal<Pending>(new Map());
  readonly #lists = new Set<InboxList>();
  /** Resolves when no change is on its way. */
  #settled: Promise<unknown> = Promise.resolve();
  #turn = 0;
  /** Changed by `clear`: the changes of a user that wait are not sent as those of the next one. */
  #user = {};

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Whether a list is open. */
  get isOpen(): boolean {
    return this.#lists.size > 0;
  }

  /** Opens a list, and reads its newest notifications; `close` it when it is not shown any more. */
  open(filter: Filter, pageSize = 30): InboxList {
    const list = new InboxList(this.#api, filter, this.#pending, pageSize);
    this.#lists.add(list);
    void this.#refresh([list]);
    return list;
  }

  close(list: InboxList): void {
    list.close();
    this.#lists.delete(list);
  }

  /** Reads the number of unread notifications and the open lists again; returns whether that succeeded. Never rejects. */
  async refresh(): Promise<boolean> {
    if (this.#lists.size) return this.#refresh([...this.#lists]);
    // The number alone.
    const list = new InboxList(this.#api, "unread", this.#pending, 1);
    return this.#refresh([list]);
  }

  /** A message says how many are unread now. */
  receive(unread: number): void {
    this.#turn++;
    this.unread.value = unread;
  }

  /** Marks these notifications as read. Rejects with ApiError; then the change has been taken back. */
  read(rows: readonly InboxNotification[]): Promise<void> {
    return this.#change("read", rows.filter(({ is_read }) => !is_read).slice(0, MAX_IDS));
  }

  archive(rows: readonly InboxNotification[]): Promise<void> {
    return this.#change("archive", rows.filter(({ is_archived }) => !is_archived).slice(0, MAX_IDS));
  }

  markUnread(rows: readonly InboxNotification[]): Promise<void> {
    return this.#change("unread", rows.filter(({ is_read }) => is_read).slice(0, MAX_IDS));
  }

  /** Takes notifications back from the archive, as the user saw them before: unread ones are unread again. */
  async unarchive(rows: readonly InboxNotification[]): Promise<void> {
    await this.#change("unarchive", rows.slice(0, MAX_IDS));
    for (const list of this.#lists) list.insert(rows.map((row) => ({ ...row, is_read: true, is_archived: false })));
    await this.#change("unread", rows.filter(({ is_read }) => !is_read).slice(0, MAX_IDS));
  }

  /** Marks the whole inbox as read, with what is not loaded. */
  readAll(): Promise<void> {
    return this.#change("read", "all");
  }

  archiveAll(): Promise<void> {
    return this.#change("archive", "all");
  }

  /** Forgets everything, for another user. */
  clear(): void {
    this.#turn++;
    this.unread.value = null;
    this.#pending.value = new Map();
    this.#settled = Promise.resolve();
    this.#user = {};
    for (const list of this.#lists) list.rows.value = null;
  }

  async #refresh(lists: readonly InboxList[]): Promise<boolean> {
    // What is read before a change arrives is out of date at once: a notification that was read would be listed as unread.
    await this.#settled;
    const turn = ++this.#turn;
    const counts = await Promise.all(lists.map((list) => list.refresh()));
    const unread = counts.find((count) => count !== null);
    // A change meanwhile knows better.
    if (unread !== undefined && turn === this.#turn) this.unread.value = unread;
    return !counts.includes(null);
  }

  async #change(change: Change, rows: readonly InboxNotification[] | "all"): Promise<void> {
    const which = rows === "all" ? this.#loaded() : rows;
    if (!which.length && rows !== "all") return;
    const changes: Pending = new Map(which.map(({ id }) => [id, VALUES[change]]));
    this.#turn++;
    this.#pending.value = new Map([...this.#pending.peek(), ...changes]);
    this.unread.value = rows === "all" ? 0 : Math.max(0, (this.unread.peek() ?? 0) + difference(change, which));
    const user = this.#user;
    try {
      const body = rows === "all" ? { all: true } : { ids: which.map(({ id }) => id) };
      // One after another: on several connections, an older change could arrive last.
      const sent = this.#settled.then(() =>
        user === this.#user ? this.#api.post<ChangedNotifications>(`${PATH}/${change}`, body) : null,
      );
      this.#settled = sent.catch(() => undefined);
      const found = await sent;
      if (!found || user !== this.#user) return;
      for (const list of this.#lists) list.apply(changes);
      this.#settle(changes);
      // What is being read is older than the change.
      this.#turn++;
      this.unread.value = found.unread;
    } catch (error) {
      if (user !== this.#user) return;
      this.#settle(changes);
      void this.refresh();
      throw error;
    }
  }

  #settle(changes: Pending): void {
    // A later change of the same notification is still on its way.
    const isOver = ([id, values]: [number, Partial<InboxNotification>]): boolean => changes.get(id) === values;
    this.#pending.value = new Map([...this.#pending.peek()].filter((entry) => !isOver(entry)));
  }

  #loaded(): InboxNotification[] {
    const rows = [...this.#lists].flatMap((list) => list.shown.peek().filter(({ is_archived }) => !is_archived));
    return [...new Map(rows.map((row) => [row.id, row])).values()];
  }
}

/** By how many the unread notifications become more. */
function difference(change: Change, rows: readonly InboxNotification[]): number {
  if (change === "unarchive") return 0;
  return change === "unread" ? rows.length : -rows.filter(({ is_read }) => !is_read).length;
}
