import { useLayoutEffect, useRef } from "preact/hooks";
import type { Selection } from "./selection.ts";

export interface RowFocus {
  /** Moves the focus by so many rows. */
  move: (step: number) => void;
  focus: (id: number) => void;
  /** Focuses the focused row again, or the one that has taken its place. */
  refocus: () => void;
  /** The element of the focused row. */
  row: () => HTMLElement | null;
}

/** The focus is a row; one that is not rendered yet gets it once it is. */
export function useRowFocus(
  ids: readonly number[],
  selection: Selection,
  scroller: { current: HTMLElement | null },
  scrollTo: (index: number) => void,
): RowFocus {
  const wanted = useRef<number | null>(null);
  // Where the focused row was, should it leave the list.
  const lastPlace = useRef(-1);
  const find = (id: number | null) =>
    id === null ? null : (scroller.current?.querySelector<HTMLElement>(`[data-id="${id}"]`) ?? null);
  const settle = () => {
    const row = find(wanted.current);
    row?.focus({ preventScroll: true });
    // A row behind the panel cannot have it yet.
    if (row && document.activeElement === row) wanted.current = null;
  };
  useLayoutEffect(settle);
  const hadFocus = scroller.current?.contains(document.activeElement);
  useLayoutEffect(() => {
    // The row with the focus has left the list, and the focus with it.
    if (hadFocus && document.activeElement === document.body) refocus();
  }, [ids]);
  const focused = selection.focused.peek();
  const place = focused === null ? -1 : ids.indexOf(focused);
  if (place >= 0) lastPlace.current = place;

  const focus = (id: number) => {
    const index = ids.indexOf(id);
    if (index < 0) return;
    wanted.current = id;
    selection.focused.value = id;
    scrollTo(index);
    settle();
  };
  const refocus = () => {
    const current = selection.focused.peek();
    const isThere = current !== null && ids.includes(current);
    const next = isThere ? current : ids[Math.min(lastPlace.current, ids.length - 1)];
    if (next !== undefined) focus(next);
  };
  const move = (step: number) => {
    const current = selection.focused.peek();
    const known = current === null ? -1 : ids.indexOf(current);
    // Where the row has left, the next one has taken its place.
    const from = known >= 0 ? known : current === null ? -1 : lastPlace.current - Math.max(0, step);
    const next = ids[Math.min(ids.length - 1, Math.max(0, from + step))];
    if (next !== undefined) focus(next);
  };
  return { move, focus, refocus, row: () => find(selection.focused.peek()) };
}
