/** Renders only the rows in sight; rows are equally high, and so are heads between them, as the style sheet says. */
import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
} from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

export interface VirtualRows {
  scroller: RefObject<HTMLDivElement | null>;
  virtualizer: Virtualizer<HTMLDivElement, HTMLElement>;
}

const ESTIMATE = 44;

/**
 * `kept` is the index of a row that stays rendered out of sight too, as it has the focus; -1 for none. Rows have the
 * attribute `data-id`, heads `data-head`; `gap` is the number of pixels between them.
 */
export function useVirtualRows(
  count: number,
  keyOf: (index: number) => number | string,
  kept: number,
  { gap = 0, isHead = () => false }: { gap?: number; isHead?: (index: number) => boolean } = {},
): VirtualRows {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useRef({ row: ESTIMATE, head: ESTIMATE });
  const [, redraw] = useReducer((renders: number) => renders + 1, 0);
  const options = {
    count,
    gap,
    getItemKey: keyOf,
    getScrollElement: () => scroller.current,
    estimateSize: (index: number) => (isHead(index) ? height.current.head : height.current.row),
    overscan: 8,
    // The sticky head.
    scrollPaddingEnd: 40,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(undefined),
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const shown = defaultRangeExtractor(range);
      const isAway = kept >= 0 && kept < count && !shown.includes(kept);
      return isAway ? [...shown, kept].sort((one, other) => one - other) : shown;
    },
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLElement>(options));
  virtualizer.setOptions(options);
  const heightOf = (selector: string) => scroller.current?.querySelector<HTMLElement>(selector)?.offsetHeight;
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => {
    virtualizer._willUpdate();
    // Density, width and font size change the height.
    const { row, head } = height.current;
    const measured = { row: heightOf("[data-id]") ?? row, head: heightOf("[data-head]") ?? head };
    if (measured.row === row && measured.head === head) return;
    height.current = measured;
    virtualizer.measure();
  });
  return { scroller, virtualizer };
}
