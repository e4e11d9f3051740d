/** Renders only the rows in sight; all rows are equally high, as the style sheet says. */
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

/** `kept` is the index of a row that stays rendered out of sight too, as it has the focus; -1 for none. */
export function useVirtualRows(count: number, keyOf: (index: number) => number | string, kept: number): VirtualRows {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useRef(ESTIMATE);
  const [, redraw] = useReducer((renders: number) => renders + 1, 0);
  const options = {
    count,
    getItemKey: keyOf,
    getScrollElement: () => scroller.current,
    estimateSize: () => height.current,
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
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => {
    virtualizer._willUpdate();
    // Density, width and font size change the height.
    const measured = scroller.current?.querySelector<HTMLElement>("[data-id]")?.offsetHeight;
    if (!measured || measured === height.current) return;
    height.current = measured;
    virtualizer.measure();
  });
  return { scroller, virtualizer };
}
