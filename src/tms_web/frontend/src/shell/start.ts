/** The start and the end of a session: the store and the feed follow the signed-in user. */
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { errorText, session } from "tms/api";
import { t } from "tms/i18n";
import { location, navigate, navigation, pages } from "tms/module";
import { clearDrafts, startStore, stopStore, tasks } from "tms/store";
import { toast } from "tms/ui";
import { findPage } from "./routes.ts";
import { askToSignOutEverywhere } from "./sign-out-question.tsx";

/** How many changes wait in this browser until their user signs in again. */
export const unsentChanges = signal(0);
/** Why the session could not be restored: the server is away. */
export const startError = signal<unknown>(null);
const userId = computed(() => session.user.value?.id);

/** Restores the session from the cookie. */
export async function restore(): Promise<void> {
  startError.value = null;
  try {
    await session.restore();
  } catch (error) {
    startError.value = error;
  }
}

/** Loads the page of the address, and its first data, while the session is restored. */
export function prefetchPage(): void {
  const { path, query } = location.peek();
  const page = findPage(pages.peek(), path === "/" ? (navigation.peek()[0]?.path ?? path) : path)?.page;
  if (!page || page.isOpen || !session.wasIn()) return;
  void page.load().catch(() => {});
  if (!page.prefetch || path === "/") return;
  // With the token comes the position of the event log, where the feed begins: no change after the first page is missed.
  void page.prefetch(query).catch(() => {});
}

/** `modules` settles when the modules are loaded. */
export function followSession(modules: Promise<void>): void {
  tasks.onRefused = (error) => toast(errorText(error), { tone: "error" });
  let started: number | undefined;
  let stopping = Promise.resolve();
  effect(() => {
    const id = userId.value;
    untracked(() => {
      if (id === started) return;
      const before = started;
      started = id;
      if (before !== undefined) {
        // Once the pages are gone, which add to the queue what is still in their fields.
        stopping = new Promise((resolve) => setTimeout(resolve)).then(() => {
          unsentChanges.value = tasks.queue.peek().length + tasks.conflicts.peek().length;
          stopStore();
        });
      }
      if (id !== undefined)
        void stopping.then(() => startStore(id, modules)).catch(() => toast(t("ui.feedFailed"), { tone: "error" }));
    });
  });
}

export function signOut(): void {
  void leave(() => session.signOut());
}

export async function signOutEverywhere(): Promise<void> {
  const choice = await askToSignOutEverywhere();
  if (!choice) return;
  try {
    await session.revokeAll(choice);
  } catch (error) {
    toast(errorText(error), { tone: "error" });
    return;
  }
  await leave(() => session.signOut());
}

/** Without a path to return to: the next user may be another one. */
async function leave(end: () => Promise<void>): Promise<void> {
  let ended: Promise<void> | undefined;
  batch(() => {
    ended = end();
    clearDrafts();
    navigate("/sign-in");
  });
  try {
    await ended;
  } catch {
    toast(t("ui.signOutFailed"), { tone: "error", duration: 15_000 });
  }
}
