/**
 * Shows how rows and cards change places: what moves glides, what enters fades in, what leaves fades out. Nothing moves
 * where the user prefers reduced motion, nor when more than a few have changed, as after another filter.
 *
 *     const motion = useMotion();
 *     useMotionOf(motion, ids);               // in each component that renders some of the rows
 *     <div ref={motion.rootRef}>              // around all of them; position: relative
 *       <div data-scroller>                   // what scrolls some of them, if that is not the root
 *         <div data-id={42}>                  // a row
 */
import { useRef, useState } from "preact/hooks";

const DURATION = 220;
const EASING = "cubic-bezier(0.2, 0.8, 0.2, 1)";
/** More changes than these at once are a new list. */
const MAXIMUM = 8;

type Order = readonly number[];

interface Place {
  element: HTMLElement;
  rect: DOMRect;
  /** The element that scrolls it and clips it. */
  clip: HTMLElement;
}

export class Motion {
  #root: HTMLElement | null = null;
  /** Where the rows were before this rendering. */
  #before: Map<number, Place> | null = null;
  readonly #added = new Set<number>();
  readonly #removed = new Set<number>();
  readonly #origins = new Map<number, DOMRect>();

  readonly rootRef = (root: HTMLElement | null): void => {
    this.#root = root;
  };

  /** A row is about to move, from where it was dragged to. */
  startFrom(id: number, rect: DOMRect): void {
    this.#origins.set(id, rect);
  }

  /** Called while a component with rows renders, before the document changes. */
  capture(from: Order, to: Order): void {
    const isAnotherList = Math.abs(to.length - from.length) > MAXIMUM;
    if (!this.#root || isAnotherList || document.hidden || prefersReducedMotion()) return;
    if (!this.#before) {
      this.#before = this.#measure(this.#root);
      // When all components of this rendering are done, before the browser paints.
      queueMicrotask(() => this.#play());
    }
    const [was, is] = [new Set(from), new Set(to)];
    for (const id of to) if (!was.has(id)) this.#added.add(id);
    for (const id of from) if (!is.has(id)) this.#removed.add(id);
  }

  #play(): void {
    const root = this.#root;
    const before = this.#before ?? new Map<number, Place>();
    const [added, removed, origins] = [new Set(this.#added), new Set(this.#removed), new Map(this.#origins)];
    this.#before = null;
    this.#added.clear();
    this.#removed.clear();
    this.#origins.clear();
    if (!root?.isConnected || added.size > MAXIMUM || removed.size > MAXIMUM) return;
    const after = this.#measure(root);
    for (const [id, place] of after) {
      const old = before.get(id);
      const dropped = origins.get(id);
      if (dropped) fly(root, place, dropped);
      else if (old && old.clip !== place.clip) fly(root, place, old.rect);
      else if (old) glide(place, old.rect);
      else if (added.has(id)) enter(place.element);
    }
    for (const [id, place] of before) if (removed.has(id) && !added.has(id) && !after.has(id)) leave(root, place);
  }

  #measure(root: HTMLElement): Map<number, Place> {
    const places = new Map<number, Place>();
    for (const element of root.querySelectorAll<HTMLElement>("[data-id]")) {
      const clip = element.closest<HTMLElement>("[data-scroller]") ?? root;
      places.set(Number(element.dataset.id), { element, rect: element.getBoundingClientRect(), clip });
    }
    return places;
  }
}

export function useMotion(): Motion {
  return useState(() => new Motion())[0];
}

/** Follows the order of the rows that this component renders; to be called before it renders them. */
export function useMotionOf(motion: Motion, order: Order): void {
  const last = useRef(order);
  if (last.current === order) return;
  motion.capture(last.current, order);
  last.current = order;
}

function glide({ element }: Place, old: DOMRect): void {
  const now = element.getBoundingClientRect();
  const [x, y] = [old.left - now.left, old.top - now.top];
  if (Math.abs(x) < 1 && Math.abs(y) < 1) return;
  // Not `transform`, which positions the rows of virtual lists.
  element.animate([{ translate: `${x}px ${y}px` }, { translate: "0 0" }], { duration: DURATION, easing: EASING });
}

function enter(element: HTMLElement): void {
  element.animate(
    [
      { opacity: 0, scale: "0.97" },
      { opacity: 1, scale: "1" },
    ],
    { duration: DURATION, easing: EASING },
  );
}

function leave(root: HTMLElement, { element, rect, clip }: Place): void {
  if (!isInSight(rect, clip)) return;
  const ghost = ghostOf(root, element, rect);
  play(ghost, [{ opacity: 1 }, { opacity: 0, scale: "0.97" }], () => ghost.remove());
}

/** From one scrolled area to another: a copy flies above both. */
function fly(root: HTMLElement, { element, rect, clip }: Place, from: DOMRect): void {
  if (!isInSight(rect, clip)) return;
  const ghost = ghostOf(root, element, rect);
  // It stays visible to the focus and to screen readers.
  element.style.opacity = "0";
  const way = `${from.left - rect.left}px ${from.top - rect.top}px`;
  play(ghost, [{ translate: way }, { translate: "0 0" }], () => {
    ghost.remove();
    element.style.opacity = "";
  });
}

function play(element: HTMLElement, frames: Keyframe[], done: () => void): void {
  element.animate(frames, { duration: DURATION, easing: EASING, fill: "forwards" }).finished.then(done, done);
}

/** A copy of a row at a place in the window. */
function ghostOf(root: HTMLElement, element: HTMLElement, rect: DOMRect): HTMLElement {
  const ghost = element.cloneNode(true) as HTMLElement;
  const outer = root.getBoundingClientRect();
  for (const name of ["id", "data-id", "data-drag", "style", "tabindex", "role"]) ghost.removeAttribute(name);
  ghost.setAttribute("aria-hidden", "true");
  ghost.inert = true;
  ghost.classList.add("motion-ghost");
  const { style } = ghost;
  Object.assign(style, { position: "absolute", inset: "auto", margin: "0", zIndex: "3", pointerEvents: "none" });
  style.left = `${rect.left - outer.left + root.scrollLeft - root.clientLeft}px`;
  style.top = `${rect.top - outer.top + root.scrollTop - root.clientTop}px`;
  style.width = `${rect.width}px`;
  style.height = `${rect.height}px`;
  root.append(ghost);
  return ghost;
}

function isInSight(rect: DOMRect, clip: HTMLElement): boolean {
  const { top, bottom } = clip.getBoundingClientRect();
  return rect.bottom > top && rect.top < bottom;
}

function prefersReducedMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
