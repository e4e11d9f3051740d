import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** How much of a column has to be visible for it to be the current one. */
const MOST = 0.6;

export interface ColumnsInSight {
  /** The columns that are, or have been, in sight or close to it. */
  seen: ReadonlySet<string>;
  /** The column that is mostly visible, the leftmost of several; null where there is none. */
  current: string | null;
}

/** Watches the columns of the board; those that nobody looks at need not be loaded. */
export function useColumnsInSight(
  scroller: RefObject<HTMLElement | null>,
  keys: readonly string[],
  isShown: boolean,
): ColumnsInSight {
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const [visible, setVisible] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const root = scroller.current;
    if (!root) return;
    const elements = root.querySelectorAll<HTMLElement>("[data-column]");
    const near = watch(root, elements, { rootMargin: "0px 320px", threshold: 0 }, (found) => {
      setSeen((before) => new Set([...before, ...found.filter(([, isIn]) => isIn).map(([key]) => key)]));
    });
    const inside = watch(root, elements, { threshold: MOST }, (found) => {
      setVisible((before) => {
        const next = new Set(before);
        for (const [key, isIn] of found)
          if (isIn) next.add(key);
          else next.delete(key);
        return next;
      });
    });
    return () => {
      near.disconnect();
      inside.disconnect();
    };
  }, [keys.join(), isShown]);
  return { seen, current: keys.find((key) => visible.has(key)) ?? null };
}

function watch(
  root: HTMLElement,
  elements: Iterable<HTMLElement>,
  options: IntersectionObserverInit,
  act: (found: [key: string, isIn: boolean][]) => void,
): IntersectionObserver {
  const threshold = Number(options.threshold);
  const observer = new IntersectionObserver(
    (entries) => {
      const found = entries.map(({ target, isIntersecting, intersectionRatio }): [string, boolean] => [
        (target as HTMLElement).dataset.column ?? "",
        isIntersecting && intersectionRatio >= threshold,
      ]);
      act(found);
    },
    { root, ...options },
  );
  for (const element of elements) observer.observe(element);
  return observer;
}
