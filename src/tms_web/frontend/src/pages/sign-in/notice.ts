/** Why the user has to sign in, where the page that sent them here knows. */
import { signal } from "@preact/signals";

export type SignInNotice = "passwordSet" | "addressRestored" | "accountDeleted";

/** Shown above the form until somebody signs in. */
export const signInNotice = signal<SignInNotice | null>(null);
