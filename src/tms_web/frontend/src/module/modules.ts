/** The modules of the page, and what they add to it. */
import { computed, signal } from "@preact/signals";
import type { WebModule } from "./types.ts";

const modules = signal<readonly WebModule[]>([]);

export const pages = computed(() => modules.value.flatMap((one) => one.pages ?? []));
export const commands = computed(() => modules.value.flatMap((one) => one.commands ?? []));
/** The entries that the user may see, in order. */
export const navigation = computed(() => ordered("navigation").filter(isAvailable));
export const headerItems = computed(() => ordered("headerItems"));
export const taskBadges = computed(() => ordered("taskBadges"));
export const taskSections = computed(() => ordered("taskSections"));
export const profileSections = computed(() => ordered("profileSections").filter(isAvailable));
export const administrationSections = computed(() => ordered("administrationSections").filter(isAvailable));

/** Adds a module; for the shell. */
export function addModule(module: WebModule): void {
  modules.value = [...modules.peek(), module];
}

function isAvailable(entry: { isAvailable?: () => boolean }): boolean {
  return entry.isAvailable?.() ?? true;
}

type Ordered =
  | "navigation"
  | "headerItems"
  | "taskBadges"
  | "taskSections"
  | "profileSections"
  | "administrationSections";

function ordered<Name extends Ordered>(name: Name): NonNullable<WebModule[Name]>[number][] {
  const all = modules.value.flatMap((one) => (one[name] ?? []) as NonNullable<WebModule[Name]>[number][]);
  return all.sort((one, other) => one.order - other.order);
}
