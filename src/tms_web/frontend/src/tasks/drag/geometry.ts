/** Positions: the neighbour in a direction, and the speed of scrolling near an edge. */
export type Direction = "left" | "right" | "up" | "down";

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The index of the nearest box in a direction; -1 if there is none. Boxes in the same row or column are preferred. */
export function nearest(boxes: readonly Box[], start: number, direction: Direction): number {
  const origin = boxes[start];
  if (!origin) return -1;
  let best = -1;
  let least = Infinity;
  for (const [index, box] of boxes.entries()) {
    const { ahead, aside } = distance(origin, box, direction);
    if (index === start || ahead <= 0) continue;
    const cost = ahead + 4 * aside;
    if (cost < least) {
      least = cost;
      best = index;
    }
  }
  return best;
}

/** Between centres along the direction, and across it. */
function distance(from: Box, to: Box, direction: Direction): { ahead: number; aside: number } {
  const x = (to.left + to.right - from.left - from.right) / 2;
  const y = (to.top + to.bottom - from.top - from.bottom) / 2;
  const isHorizontal = direction === "left" || direction === "right";
  const sign = direction === "left" || direction === "up" ? -1 : 1;
  return { ahead: sign * (isHorizontal ? x : y), aside: Math.abs(isHorizontal ? y : x) };
}

const EDGE = 56;
const FASTEST = 18;

/** Pixels to scroll in one frame with the pointer at `position` between two edges; 0 in the middle. */
export function scrollSpeed(position: number, start: number, end: number): number {
  const edge = Math.min(EDGE, (end - start) / 4);
  const before = start + edge - position;
  const behind = position - (end - edge);
  const depth = Math.max(before, behind) / edge;
  if (depth <= 0) return 0;
  return Math.ceil(Math.min(1, depth) * FASTEST) * (before > behind ? -1 : 1);
}
