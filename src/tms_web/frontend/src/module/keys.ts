/** Matching of keys: `c`, `?`, `mod+k` (Ctrl or ⌘), `shift+x`, `space`, or a sequence as `g l`. */
export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** The steps of `keys`, each of which is one press. */
export function stepsOf(keys: string): string[] {
  return keys.split(" ").filter(Boolean);
}

/** Whether the presses are the first steps of `keys`. */
export function isBeginning(presses: readonly Pressed[], keys: string): boolean {
  const steps = stepsOf(keys);
  return presses.length <= steps.length && presses.every((press, index) => isStep(press, steps[index] as string));
}

function isStep(press: Pressed, step: string): boolean {
  const parts = step.split(/(?<=.)\+/);
  const key = (parts.at(-1) as string).toLowerCase();
  const has = (name: string) => parts.slice(0, -1).includes(name);
  if ((press.key === " " ? "space" : press.key.toLowerCase()) !== key) return false;
  if ((press.ctrlKey || press.metaKey) !== has("mod") || press.altKey !== has("alt")) return false;
  // Which signs need Shift depends on the keyboard.
  const isSign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  return isSign || press.shiftKey === has("shift");
}
