import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** In rem; the width of the rows of the list in one line, too. */
const WIDTH = 44;

/** Whether an element is too narrow for seven columns with titles: on a phone, or beside an open panel. */
export function useIsNarrow(element: RefObject<HTMLElement | null>): boolean {
  const [isNarrow, setNarrow] = useState(false);
  useLayoutEffect(() => {
    const frame = element.current?.parentElement;
    if (!frame) return;
    const measure = () => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      setNarrow(frame.offsetWidth < WIDTH * rem);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(frame);
    measure();
    return () => observer.disconnect();
  }, []);
  return isNarrow;
}
