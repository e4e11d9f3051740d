import { scrollSpeed } from "./geometry.ts";

/** Scrolls what is below the pointer where the pointer is near its edge; once a frame. */
export function autoScroll(area: HTMLElement, at: { x: number; y: number }): void {
  let element = document.elementFromPoint(at.x, at.y);
  if (!element || !area.contains(element)) element = area;
  const isDone = { x: false, y: false };
  for (; element; element = element === area ? null : element.parentElement) {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const { overflowX, overflowY } = getComputedStyle(element);
    const x =
      isDone.x || !isScrollable(overflowX) ? 0 : scrollSpeed(at.x, Math.max(0, left), Math.min(innerWidth, right));
    const y =
      isDone.y || !isScrollable(overflowY) ? 0 : scrollSpeed(at.y, Math.max(0, top), Math.min(innerHeight, bottom));
    const before = { x: element.scrollLeft, y: element.scrollTop };
    if (x || y) element.scrollBy({ left: x, top: y, behavior: "instant" });
    isDone.x ||= element.scrollLeft !== before.x;
    isDone.y ||= element.scrollTop !== before.y;
  }
}

function isScrollable(overflow: string): boolean {
  return overflow === "auto" || overflow === "scroll";
}
