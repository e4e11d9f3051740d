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

/** Rows of another height: heads of groups, one of which stays at the top. */
export interface Heads {
  isHead: (index: number) => boolean;
  /** The head of the group of a row; -1 for none. */
  headOf: (index: number) => number;
}

export interface VirtualOptions {
  /** Pixels between rows. */
  gap?: number;
  heads?: Heads | undefined;
}

/** `kept` is the index of a row that stays rendered out of sight too, as it has the focus; -1 for none. */
export function useVirtualRows(
  count: number,
  keyOf: (index: number) => number | string,
  kept: number,
  { gap = 0, heads }: VirtualOptions = {},
): VirtualRows {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useRef(ESTIMATE);
  const headHeight = useRef(ESTIMATE);
  const [, redraw] = useReducer((renders: number) => renders + 1, 0);
  const options = {
    count,
    gap,
    getItemKey: keyOf,
    getScrollElement: () => scroller.current,
    estimateSize: (index: number) => (heads?.isHead(index) ? headHeight.current : height.current),
    overscan: 8,
    // The sticky head.
    scrollPaddingEnd: 40,
    scrollPaddingStart: heads ? headHeight.current : 0,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(undefined),
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const shown = defaultRangeExtractor(range);
      const more = [kept, heads?.headOf(range.startIndex) ?? -1].filter((one) => one >= 0 && one < count);
      const away = more.filter((one) => !shown.includes(one));
      return away.length ? [...new Set([...shown, ...away])].sort((one, other) => one - other) : shown;
    },
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => {
    virtualizer._willUpdate();
    // Density, width and font size change the height.
    const measure = (selector: string, known: number) =>
      scroller.current?.querySelector<HTMLElement>(selector)?.offsetHeight || known;
    const [measured, measuredHead] = [
      measure("[data-id]", height.current),
      measure("[data-group]", headHeight.current),
    ];
    if (measured === height.current && measuredHead === headHeight.current) return;
    height.current = measured;
    headHeight.current = measuredHead;
    virtualizer.measure();
  });
  return { scroller, virtualizer };
}
