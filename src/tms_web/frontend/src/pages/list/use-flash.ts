import { useEffect } from "preact/hooks";
import { onForeignChange } from "tms/store";

/** Marks a row for a moment that somebody else has changed. */
export function useFlash(scroller: { current: HTMLElement | null }): void {
  useEffect(
    () =>
      onForeignChange((id) => {
        if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
        // Once the change, and a row that is new with it, is rendered.
        requestAnimationFrame(() => {
          const row = scroller.current?.querySelector<HTMLElement>(`[data-id="${id}"]`);
          row?.animate([{ backgroundColor: "var(--selected)" }, {}], { duration: 1200, easing: "ease-out" });
        });
      }),
    [],
  );
}
