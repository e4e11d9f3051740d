/** What the user is typing, kept by the tab over a reload; it is removed when the text is saved, and at sign-out. */
import { session } from "tms/api";

const PREFIX = "tms.draft.";

/** The draft under a name, as "task/42/title", of the signed-in user. */
export function readDraft<T>(name: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(name)) ?? "null") as T | null;
  } catch {
    // The user has forbidden storage.
    return null;
  }
}

/** Keeps a draft, or removes it. */
export function keepDraft(name: string, draft: unknown): void {
  try {
    // The text of a page that is left because its session has ended is saved by the queue: nobody is signed in by then.
    if (draft === null) remove((key) => key.endsWith(`/${name}`));
    else sessionStorage.setItem(keyOf(name), JSON.stringify(draft));
  } catch {
    // It holds until the page is left.
  }
}

/** Removes the drafts of all users of this tab. */
export function clearDrafts(): void {
  try {
    remove(() => true);
  } catch {
    // Nothing was kept.
  }
}

function remove(isMeant: (key: string) => boolean): void {
  for (const key of Object.keys(sessionStorage))
    if (key.startsWith(PREFIX) && isMeant(key)) sessionStorage.removeItem(key);
}

function keyOf(name: string): string {
  return `${PREFIX}${session.user.peek()?.id ?? 0}/${name}`;
}
