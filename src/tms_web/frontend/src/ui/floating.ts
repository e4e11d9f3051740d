/** Positions a popover next to its anchor. Popovers are in the top layer, so that no container clips them. */
import { autoUpdate, computePosition, flip, offset, type Placement, shift, size } from "@floating-ui/dom";
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

export interface FloatingOptions {
  isOpen: boolean;
  placement?: Placement;
  /** Whether the popover is at least as wide as its anchor. */
  isAsWide?: boolean;
  /** Pixels, where the window has room for it. */
  maxHeight?: number;
}

export function useFloating(
  anchor: RefObject<HTMLElement | null>,
  floating: RefObject<HTMLElement | null>,
  { isOpen, placement = "bottom-start", isAsWide = false, maxHeight = 384 }: FloatingOptions,
): void {
  useLayoutEffect(() => {
    const reference = anchor.current;
    const popover = floating.current;
    if (!isOpen || !reference || !popover) return;
    popover.showPopover();
    const update = async () => {
      const middleware = [
        offset(6),
        flip({ padding: 8 }),
        shift({ padding: 8 }),
        size({
          padding: 8,
          apply: ({ availableHeight, rects }) => {
            popover.style.maxHeight = `${Math.min(maxHeight, availableHeight)}px`;
            if (isAsWide) popover.style.minWidth = `${rects.reference.width}px`;
          },
        }),
      ];
      const { x, y } = await computePosition(reference, popover, { placement, strategy: "fixed", middleware });
      popover.style.left = `${x}px`;
      popover.style.top = `${y}px`;
    };
    const stop = autoUpdate(reference, popover, update);
    return () => {
      stop();
      if (popover.isConnected) popover.hidePopover();
    };
  }, [isOpen, placement, isAsWide, maxHeight]);
}

/** Calls back when the user presses or focuses something outside of all elements. */
export function useOutside(isOpen: boolean, elements: RefObject<HTMLElement | null>[], act: () => void): void {
  useLayoutEffect(() => {
    if (!isOpen) return;
    const check = (event: Event) => {
      const target = event.target as Node;
      if (!elements.some(({ current }) => current?.contains(target))) act();
    };
    document.addEventListener("pointerdown", check, true);
    document.addEventListener("focusin", check);
    return () => {
      document.removeEventListener("pointerdown", check, true);
      document.removeEventListener("focusin", check);
    };
  }, [isOpen, act]);
}
