/** The live connection of the page: one WebSocket by /tms-client.js, whose requests use the session of the page. */
import { signal } from "@preact/signals";
import { ApiError, type Method, type RequestOptions, session, type Task } from "tms/api";
import { config } from "tms/module";

/** A message of the realtime server about one task. */
export interface TaskEvent extends Omit<Task, "id"> {
  task_id: number;
  event: "created" | "updated" | "deleted";
  event_id: number;
  actor: number | null;
  changes: string[];
}

/** `off`: not started, or realtime is not installed. `waiting`: interrupted, and tried again at `retryAt`. */
export type ConnectionState = "off" | "connecting" | "open" | "waiting" | "closed";

export interface FeedListener {
  onEvent(event: TaskEvent): void;
  /** Too many events were missed: read everything again. */
  onReset(): void;
}

export const connection = signal<ConnectionState>("off");
/** When the next attempt begins, in milliseconds since the epoch, while the connection is waiting. */
export const retryAt = signal<number | null>(null);
/** The other users who are looking at the task that this page shows. */
export const viewers = signal<readonly number[]>([]);

type Live = import("tms-client").Live;
const listeners = new Set<FeedListener>();
let live: Live | null = null;
let viewed: number | null = null;
let generation = 0;

/** Adds a listener; returns the function that removes it. */
export function listen(listener: FeedListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Connects. Events after `since` are delivered, so that lists which are read afterwards miss nothing.
 * `url` is the WebSocket's address; by default the one that the API gives. Resolves when the client has been loaded.
 */
export async function startFeed(since: number | undefined, url?: string): Promise<void> {
  const started = ++generation;
  // A variable, so that the bundler leaves the address alone.
  const path = `${config.base}/tms-client.js`;
  const { TmsClient, TmsError } = (await import(path)) as typeof import("tms-client");
  if (started !== generation) return;
  class PageClient extends TmsClient {
    override async request(method: string, target: string, options: RequestOptions = {}): Promise<unknown> {
      try {
        return await session.api.request(method as Method, target, options);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const more = error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter };
        throw new TmsError(error.status, error.problem, more);
      }
    }
  }
  const root = location.origin + config.base;
  live = new PageClient(url ? { api: root, realtime: url } : { api: root }).listen({
    ...(since !== undefined && { since }),
    onEvent: (event) => each((one) => one.onEvent(event)),
    onReset: () => each((one) => one.onReset()),
    onPresence: ({ task, users }) => {
      if (task === viewed) viewers.value = users;
    },
    onState: (state, { retryIn }) => {
      connection.value = state;
      retryAt.value = retryIn === undefined ? null : Date.now() + retryIn;
    },
  });
  if (viewed !== null) live.presence(viewed);
}

export function stopFeed(): void {
  generation++;
  live?.close();
  live = null;
  connection.value = "off";
  viewers.value = [];
}

/** Reports the task that the user is looking at, or none; `viewers` follows. */
export function viewTask(taskId: number | null): void {
  viewed = taskId;
  viewers.value = [];
  live?.presence(taskId);
}

function each(act: (listener: FeedListener) => void): void {
  for (const listener of listeners) act(listener);
}
