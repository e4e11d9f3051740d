/** Round numbers for an axis, and which days of many get a label. */

/** Ticks from 0 to the first round number that is not below `most`; at most `count` steps, all of them whole numbers. */
export function ticksTo(most: number, count = 4): number[] {
  const step = roundUp(Math.max(1, most) / count);
  const last = Math.max(1, Math.ceil(Math.max(1, most) / step));
  return Array.from({ length: last + 1 }, (_, index) => index * step);
}

/** 1, 2 or 5 times a power of ten, and at least 1. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10;
  return Math.max(1, factor * power);
}

/** Evenly spaced indices of `length` items, the last one included, of which at most `most` fit. */
export function labelled(length: number, most: number): number[] {
  if (length <= 1) return length ? [0] : [];
  const step = Math.max(1, Math.ceil((length - 1) / Math.max(1, most - 1)));
  return Array.from({ length: Math.floor((length - 1) / step) + 1 }, (_, index) => length - 1 - index * step).reverse();
}
