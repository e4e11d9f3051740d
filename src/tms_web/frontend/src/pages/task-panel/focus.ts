import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/** Moves the focus to the heading on opening, and back to the row of the task on closing. */
export function usePanelFocus(
  id: number,
  panel: RefObject<HTMLElement | null>,
  heading: RefObject<HTMLElement | null>,
): void {
  useLayoutEffect(() => {
    const element = panel.current;
    const before = document.activeElement;
    heading.current?.focus({ preventScroll: true });
    return () => {
      const active = document.activeElement;
      // Somebody who is elsewhere already stays there.
      if (active && active !== document.body && !element?.contains(active)) return;
      // After the panel has gone, for on a phone it covers the list.
      requestAnimationFrame(() => {
        if (document.activeElement !== document.body) return;
        const row = document.querySelector<HTMLElement>(`[role="row"][data-id="${id}"]`);
        if (row) row.focus();
        else if (before instanceof HTMLElement && before.isConnected) before.focus();
      });
    };
  }, []);
}
