/**
 * The changes of tasks by others. A module may bring a live source, such as a WebSocket; without one, and while it is
 * interrupted, the page asks the API for changes now and then.
 */
import { signal } from "@preact/signals";
import type { Task } from "tms/api";
import { Poller } from "./poller.ts";

/** A message of the realtime server about one task. */
export interface TaskEvent extends Omit<Task, "id"> {
  task_id: number;
  event: "created" | "updated" | "deleted";
  event_id: number;
  actor: number | null;
  changes: string[];
}

/** `off`: there is no live source. `waiting`: interrupted, and tried again at `retryAt`. */
export type ConnectionState = "off" | "connecting" | "open" | "waiting" | "closed";

export interface FeedListener {
  /** A task has changed, as the live source says. */
  onEvent(event: TaskEvent): void;
  /** Tasks as they are now, and ids of those that are gone, as the API says. */
  onChanges(tasks: readonly Task[], gone: readonly number[]): void;
  /** Too many changes were missed: read everything again. */
  onReset(): void;
}

/** A control message of the realtime server to this user, as `{type: "notification", …}`. */
export interface UserMessage {
  type: string;
  [name: string]: unknown;
}

/** Where a live source delivers. */
export interface FeedSink {
  onEvent(event: TaskEvent): void;
  onMessage(message: UserMessage): void;
  onReset(position: number): void;
  /** `retryIn` is in milliseconds. */
  onState(state: Exclude<ConnectionState, "off">, retryIn?: number): void;
}

export interface FeedSource {
  /** Delivers what happens after the position `since`, or from now on; resolves to the function that ends it. */
  start(since: number | undefined, sink: FeedSink): Promise<() => void>;
}

export const connection = signal<ConnectionState>("off");
/** When the next attempt begins, in milliseconds since the epoch, while the connection is waiting. */
export const retryAt = signal<number | null>(null);

const listeners = new Set<FeedListener>();
const receivers = new Set<{ type: string; receive: (message: UserMessage) => void }>();
const poller = new Poller({
  onChanges: (tasks, gone) => each((one) => one.onChanges(tasks, gone)),
  onReset: () => each((one) => one.onReset()),
  isNeeded: () => connection.peek() !== "open",
});
let source: FeedSource | null = null;
let end: (() => void) | null = null;
let generation = 0;

/** Sets the live source; for the shell, before the feed starts. */
export function setFeedSource(live: FeedSource): void {
  source = live;
}

/** Adds a listener; returns the function that removes it. */
export function listen(listener: FeedListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Receives control messages of a type; returns the function that ends it. None is repeated after an interruption: whoever
 * follows them reads the state when `connection` is open again.
 */
export function onUserMessage(type: string, receive: (message: UserMessage) => void): () => void {
  const receiver = { type, receive };
  receivers.add(receiver);
  return () => receivers.delete(receiver);
}

/**
 * Delivers events after `since`, so that lists which are read afterwards miss nothing. Without it, everything is read
 * again once the live source delivers. Rejects if that fails.
 */
export async function startFeed(since: number | undefined): Promise<void> {
  const started = ++generation;
  poller.start(since);
  if (!source) return;
  connection.value = "connecting";
  const stop = await source.start(since, sinkOf(started, since === undefined)).catch((error) => {
    if (started === generation) connection.value = "off";
    throw error;
  });
  if (started === generation) end = stop;
  else stop();
}

export function stopFeed(): void {
  generation++;
  poller.stop();
  end?.();
  end = null;
  connection.value = "off";
  retryAt.value = null;
}

function sinkOf(started: number, isBehind: boolean): FeedSink {
  const isCurrent = () => started === generation;
  return {
    onEvent: (event) => {
      if (!isCurrent()) return;
      poller.position = event.event_id;
      each((one) => one.onEvent(event));
    },
    onReset: (position) => {
      if (!isCurrent()) return;
      poller.position = position;
      each((one) => one.onReset());
    },
    onMessage: (message) => {
      if (!isCurrent()) return;
      for (const { type, receive } of receivers) if (type === message.type) receive(message);
    },
    onState: (state, retryIn) => {
      if (!isCurrent()) return;
      connection.value = state;
      retryAt.value = retryIn === undefined ? null : Date.now() + retryIn;
      if (!isBehind || state !== "open") return;
      isBehind = false;
      each((one) => one.onReset());
    },
  };
}

function each(act: (listener: FeedListener) => void): void {
  for (const listener of listeners) act(listener);
}
