/** Keyboard shortcuts of what is mounted; the latest wins. They rest while the user types and while a dialog is open. */
import { useEffect, useRef } from "preact/hooks";
import { isBeginning, stepsOf } from "./keys.ts";

export interface Shortcut {
  keys: string;
  label: string;
  run: (event: KeyboardEvent) => void;
}

// Milliseconds between the keys of a sequence.
const SEQUENCE = 1200;
const TYPING = "input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable], [role=menu]";
const groups = new Set<{ current: readonly Shortcut[] }>();
let presses: KeyboardEvent[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Adds shortcuts while the component is mounted; the `?` sheet shows them. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const group = useRef(shortcuts);
  group.current = shortcuts;
  useEffect(() => {
    groups.add(group);
    return () => {
      groups.delete(group);
    };
  }, []);
}

/** All that are active, the latest first. */
export function activeShortcuts(): Shortcut[] {
  return [...groups].reverse().flatMap(({ current }) => current);
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isModifier(event.key)) return;
  const isCommand = event.ctrlKey || event.metaKey;
  const isTyping = event.target instanceof Element && event.target.closest(TYPING) !== null;
  // Ctrl or ⌘ with a letter writes nothing.
  if ((isTyping && !isCommand) || document.querySelector("dialog:modal")) return;
  const all = activeShortcuts();
  let next = [...presses, event];
  let begun = all.filter(({ keys }) => isBeginning(next, keys));
  if (!begun.length && presses.length) {
    next = [event];
    begun = all.filter(({ keys }) => isBeginning(next, keys));
  }
  clearTimeout(timer);
  presses = [];
  const complete = begun.find(({ keys }) => stepsOf(keys).length === next.length);
  if (complete) {
    event.preventDefault();
    complete.run(event);
  } else if (begun.length) {
    event.preventDefault();
    presses = next;
    timer = setTimeout(() => {
      presses = [];
    }, SEQUENCE);
  }
}

function isModifier(key: string): boolean {
  return ["Shift", "Control", "Alt", "Meta", "AltGraph"].includes(key);
}

globalThis.document?.addEventListener("keydown", onKeyDown);
