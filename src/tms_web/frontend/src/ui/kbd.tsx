const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");
const NAMES: Record<string, string> = {
  mod: isMac ? "⌘" : "Ctrl",
  shift: "⇧",
  alt: isMac ? "⌥" : "Alt",
  enter: "↵",
  escape: "Esc",
  arrowup: "↑",
  arrowdown: "↓",
  arrowleft: "←",
  arrowright: "→",
};

/** Keys as they are written in the shortcut registry: `mod+k`, or a sequence `g l`. */
export function Kbd({ keys }: { keys: string }) {
  const parts = keys.split(" ").flatMap((step) => step.split(/(?<=.)\+/));
  return (
    <span class="kbds">
      {parts.map((part) => (
        <kbd class="kbd" key={part}>
          {NAMES[part.toLowerCase()] ?? (part.length === 1 ? part.toUpperCase() : part)}
        </kbd>
      ))}
    </span>
  );
}
