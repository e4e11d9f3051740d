/** The queue of unconfirmed changes in IndexedDB. Each tab has its own; a new tab adopts those of tabs that are gone. */
import { createStore, del, get, keys, set, type UseStore } from "idb-keyval";
import { config } from "tms/module";
import type { Change, Conflict } from "./changes.ts";

export interface Saved {
  changes: Change[];
  conflicts: Conflict[];
}

/** Where the queue is kept. */
export interface QueueStorage {
  /** What earlier tabs of this user left behind, oldest first. */
  adopt(userId: number): Promise<Saved>;
  save(userId: number, saved: Saved): Promise<void>;
}

export class IndexedDbQueue implements QueueStorage {
  readonly #tab: string;
  readonly #locks: LockManager | undefined;
  #store: UseStore | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(tab: string = crypto.getRandomValues(new Uint32Array(2)).join("-"), locks = globalThis.navigator?.locks) {
    this.#tab = tab;
    this.#locks = locks;
    // Held as long as the tab lives: what is stored under its name belongs to nobody else.
    void locks?.request(lockOf(tab), () => new Promise(() => {}));
  }

  async adopt(userId: number): Promise<Saved> {
    const result: Saved = { changes: [], conflicts: [] };
    const prefix = `${userId}/`;
    const found = (await keys<string>(this.#database())).filter((key) => key.startsWith(prefix));
    for (const key of found) {
      const take = async () => {
        const saved = await get<Saved>(key, this.#database());
        await del(key, this.#database());
        result.changes.push(...(saved?.changes ?? []));
        result.conflicts.push(...(saved?.conflicts ?? []));
      };
      const tab = key.slice(prefix.length);
      if (tab === this.#tab || !this.#locks) await take();
      else await this.#locks.request(lockOf(tab), { ifAvailable: true }, (lock) => (lock ? take() : undefined));
    }
    result.changes.sort((one, other) => one.at - other.at);
    return result;
  }

  /** One write after the other, so that the last one wins. */
  save(userId: number, saved: Saved): Promise<void> {
    const key = `${userId}/${this.#tab}`;
    const isEmpty = saved.changes.length + saved.conflicts.length === 0;
    const write = () => (isEmpty ? del(key, this.#database()) : set(key, saved, this.#database()));
    this.#last = this.#last.then(write, write);
    return this.#last;
  }

  #database(): UseStore {
    this.#store ??= createStore(`tms${config.base}`, "changes");
    return this.#store;
  }
}

function lockOf(tab: string): string {
  return `tms queue ${tab}`;
}
