/** The inbox of the signed-in user, kept current by messages of the realtime server, or by asking now and then. */
import { computed, effect, untracked } from "@preact/signals";
import { api, session } from "tms/api";
import { connection, listen, onUserMessage } from "tms/realtime";
import { Inbox } from "./inbox.ts";

export const inbox = new Inbox(api);

/** Milliseconds. The live connection usually opens before, and reads the inbox itself. */
const FIRST_WAIT = 2_000;
const POLL_INTERVAL = 30_000;
/** Several changes are read together. */
const PAUSE = 150;

const userId = computed(() => session.user.value?.id);
const isLive = computed(() => connection.value === "open");
let timer: ReturnType<typeof setTimeout> | undefined;
/** Whether the last attempt to read the inbox failed. */
let hasFailed = false;

function refreshSoon(delay = PAUSE): void {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (userId.peek() !== undefined) hasFailed = !(await inbox.refresh());
  }, delay);
}

export function followInbox(): void {
  effect(() => {
    const id = userId.value;
    untracked(() => {
      clearTimeout(timer);
      inbox.clear();
      if (id !== undefined) refreshSoon(FIRST_WAIT);
    });
  });
  // Messages of the time before are not repeated.
  effect(() => {
    if (isLive.value) untracked(() => refreshSoon());
  });
  onUserMessage("notification", ({ unread }) => {
    if (typeof unread === "number") inbox.receive(unread);
    if (inbox.isOpen) refreshSoon();
  });
  listen({
    onEvent: () => {},
    // Without a live connection, changes of tasks hint at notifications.
    onChanges: () => refreshSoon(),
    onReset: () => refreshSoon(),
  });
  const isWaiting = () => (hasFailed || !isLive.peek()) && !document.hidden && userId.peek() !== undefined;
  setInterval(() => isWaiting() && refreshSoon(), POLL_INTERVAL);
  document.addEventListener("visibilitychange", () => isWaiting() && refreshSoon());
}
