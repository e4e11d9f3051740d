/** The groups whose tasks are hidden, until the page is left for another site. */
import { type ReadonlySignal, signal } from "@preact/signals";

const keys = signal<ReadonlySet<string>>(new Set());
export const collapsed: ReadonlySignal<ReadonlySet<string>> = keys;

export function toggleCollapsed(key: string): void {
  const next = new Set(keys.peek());
  if (!next.delete(key)) next.add(key);
  keys.value = next;
}
