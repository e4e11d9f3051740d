/** Keyboard shortcuts of what is mounted; the latest wins. They rest while the user types and while a dialog is open. */
import { useEffect, useRef } from "preact/hooks";
import { isBeginning, stepsOf } from "./keys.ts";

export interface Shortcut {
  keys: string;
  label: string;
  run: (event: KeyboardEvent) => void;
  /** Whether it works in text fields too; for keys that write nothing. */
  isWhileTyping?: boolean;
}

// Milliseconds between the keys of a sequence.
const SEQUENCE = 1200;
const TYPING =
  "input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable], [role=menu]";
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
  if (isPress(event) || document.querySelector("dialog:modal")) return;
  const isTyping = isWithin(event, TYPING);
  const all = activeShortcuts().filter((one) => !isTyping || one.isWhileTyping);
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

/** Whether the key presses the focused button or link. */
function isPress(event: KeyboardEvent): boolean {
  return (event.key === "Enter" || event.key === " ") && isWithin(event, "button, a, summary, input");
}

function isWithin({ target }: Event, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}

function isModifier(key: string): boolean {
  return ["Shift", "Control", "Alt", "Meta", "AltGraph"].includes(key);
}

globalThis.document?.addEventListener("keydown", onKeyDown);
