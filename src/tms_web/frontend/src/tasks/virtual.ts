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

/** Rows of another height: heads of groups, one of which stays at the top. */
export interface Heads {
  isHead: (index: number) => boolean;
  /** The head of the group of a row, which stays at the top; -1 for none. */
  headOf?: (index: number) => number;
}

export interface VirtualOptions {
  /** Pixels between rows. */
  gap?: number;
  heads?: Heads | undefined;
}

/**
 * `kept` is the index of a row that stays rendered out of sight too, as it has the focus; -1 for none. Rows have the
 * attribute `data-id`, heads `data-head`.
 */
export function useVirtualRows(
  count: number,
  keyOf: (index: number) => number | string,
  kept: number,
  { gap = 0, heads }: VirtualOptions = {},
): VirtualRows {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useRef<Heights>({ row: ESTIMATE, head: ESTIMATE });
  const [, redraw] = useReducer((renders: number) => renders + 1, 0);
  const options = {
    count,
    gap,
    getItemKey: keyOf,
    getScrollElement: () => scroller.current,
    estimateSize: (index: number) => (heads?.isHead(index) ? height.current.head : height.current.row),
    overscan: 4,
    // The sticky head.
    scrollPaddingEnd: 40,
    scrollPaddingStart: heads?.headOf ? height.current.head : 0,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(undefined),
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const shown = defaultRangeExtractor(range);
      const more = [kept, heads?.headOf?.(range.startIndex) ?? -1].filter((one) => one >= 0 && one < count);
      const away = more.filter((one) => !shown.includes(one));
      return away.length ? [...new Set([...shown, ...away])].sort((one, other) => one - other) : shown;
    },
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  useHeights(scroller, (kind, measured) => {
    if (height.current[kind] === measured) return;
    height.current[kind] = measured;
    virtualizer.measure();
  });
  return { scroller, virtualizer };
}

interface Heights {
  row: number;
  head: number;
}

const SELECTORS: Record<keyof Heights, string> = { row: "[data-id]", head: "[data-head]" };

/** Measures the first row and the first head, and follows them: density, width and font size change their height. */
function useHeights(
  scroller: RefObject<HTMLDivElement | null>,
  onMeasure: (kind: keyof Heights, height: number) => void,
): void {
  const report = useRef(onMeasure);
  report.current = onMeasure;
  const watched = useRef<Partial<Record<keyof Heights, HTMLElement>>>({});
  const [observer] = useState(
    () =>
      new ResizeObserver(() =>
        // Rows that are rendered in the callback itself would be observed too late.
        requestAnimationFrame(() => {
          for (const kind of KINDS) {
            const element = watched.current[kind];
            if (element?.offsetHeight) report.current(kind, element.offsetHeight);
          }
        }),
      ),
  );
  useLayoutEffect(() => () => observer.disconnect(), []);
  useLayoutEffect(() => {
    for (const kind of KINDS) {
      const before = watched.current[kind];
      if (before?.isConnected && scroller.current?.contains(before)) continue;
      const element = scroller.current?.querySelector<HTMLElement>(SELECTORS[kind]);
      if (before) observer.unobserve(before);
      if (!element) continue;
      watched.current[kind] = element;
      observer.observe(element);
      // Only here: it makes the browser compute the layout at once.
      if (!before) report.current(kind, element.offsetHeight);
    }
  });
}

const KINDS = ["row", "head"] as const;
