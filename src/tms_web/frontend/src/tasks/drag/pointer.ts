/** Drags with the mouse after a few pixels, with the finger after a long press, so that the page still scrolls. */
import { autoScroll } from "./auto-scroll.ts";
import type { DragController } from "./controller.ts";
import { targetOf } from "./elements.ts";
import { DragPreview } from "./preview.ts";

const MOUSE_DISTANCE = 5;
const TOUCH_DISTANCE = 8;
const LONG_PRESS = 320;
/** Where pressing means something else. */
const CONTROLS = "input, textarea, select, [contenteditable], [popover], [data-no-drag]";

interface Press {
  item: HTMLElement;
  pointer: number;
  isTouch: boolean;
  start: { x: number; y: number };
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class PointerSensor {
  readonly #area: HTMLElement;
  readonly #controller: DragController;
  #press: Press | null = null;
  #preview: DragPreview | null = null;
  #at = { x: 0, y: 0 };
  #frame = 0;

  constructor(area: HTMLElement, controller: DragController) {
    this.#area = area;
    this.#controller = controller;
    area.addEventListener("pointerdown", this.#onPointerDown);
    // A finger that drags must not scroll; browsers want to know this before it touches the page.
    area.addEventListener("touchmove", this.#onTouchMove, { passive: false });
    area.addEventListener("contextmenu", this.#onContextMenu);
    // Links and images have a drag and drop of their own.
    area.addEventListener("dragstart", prevent);
  }

  stop(): void {
    this.#release();
    this.#area.removeEventListener("pointerdown", this.#onPointerDown);
    this.#area.removeEventListener("touchmove", this.#onTouchMove);
    this.#area.removeEventListener("contextmenu", this.#onContextMenu);
    this.#area.removeEventListener("dragstart", prevent);
  }

  #onPointerDown = (event: PointerEvent): void => {
    const target = event.target as Element;
    const item = target.closest<HTMLElement>("[data-drag]");
    if (!item || this.#press || !event.isPrimary || event.button !== 0 || target.closest(CONTROLS)) return;
    const isTouch = event.pointerType === "touch";
    const start = { x: event.clientX, y: event.clientY };
    this.#at = start;
    const timer = isTouch ? setTimeout(() => this.#lift(), LONG_PRESS) : undefined;
    this.#press = { item, pointer: event.pointerId, isTouch, start, timer };
    window.addEventListener("pointermove", this.#onPointerMove);
    window.addEventListener("pointerup", this.#onPointerUp);
    window.addEventListener("pointercancel", this.#onCancel);
    window.addEventListener("keydown", this.#onKeyDown, true);
    window.addEventListener("blur", this.#onCancel);
    // Touch events keep going to the element that was touched, even when it has been removed.
    if (isTouch) target.addEventListener("touchmove", this.#onTouchMove as EventListener, { passive: false });
  };

  #onPointerMove = (event: PointerEvent): void => {
    const press = this.#press;
    if (!press || event.pointerId !== press.pointer) return;
    this.#at = { x: event.clientX, y: event.clientY };
    if (this.#preview) return;
    const way = Math.hypot(this.#at.x - press.start.x, this.#at.y - press.start.y);
    // A finger that moves at once scrolls.
    if (press.isTouch && way > TOUCH_DISTANCE) this.#release();
    else if (!press.isTouch && way > MOUSE_DISTANCE) this.#lift();
  };

  #onPointerUp = (event: PointerEvent): void => {
    if (event.pointerId !== this.#press?.pointer) return;
    if (this.#preview) {
      suppressClick();
      this.#aim();
      const from = this.#preview.rect();
      this.#release();
      this.#controller.drop(from);
    } else this.#release();
  };

  #onCancel = (event: Event): void => {
    if ("pointerId" in event && event.pointerId !== this.#press?.pointer) return;
    this.#release();
    this.#controller.cancel();
  };

  #onKeyDown = (event: KeyboardEvent): void => {
    if (!this.#preview) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") this.#onCancel(event);
  };

  #onTouchMove = (event: TouchEvent): void => {
    if (this.#preview && event.cancelable) event.preventDefault();
  };

  #onContextMenu = (event: Event): void => {
    if (this.#press?.isTouch) event.preventDefault();
  };

  #lift(): void {
    const press = this.#press;
    if (!press) return;
    if (!press.item.isConnected || !this.#controller.lift(press.item, false)) {
      this.#release();
      return;
    }
    getSelection()?.removeAllRanges();
    this.#preview = new DragPreview(press.item, press.start);
    this.#follow();
  }

  /** Once a frame: the preview follows the pointer, what is below it is the target, edges scroll. */
  #follow = (): void => {
    if (!this.#preview) return;
    this.#preview.moveTo(this.#at);
    this.#aim();
    autoScroll(this.#area, this.#at);
    this.#frame = requestAnimationFrame(this.#follow);
  };

  #aim(): void {
    const below = document.elementFromPoint(this.#at.x, this.#at.y);
    this.#controller.over(below && this.#area.contains(below) ? targetOf(below) : null);
  }

  #release(): void {
    clearTimeout(this.#press?.timer);
    cancelAnimationFrame(this.#frame);
    this.#preview?.remove();
    this.#preview = null;
    this.#press = null;
    window.removeEventListener("pointermove", this.#onPointerMove);
    window.removeEventListener("pointerup", this.#onPointerUp);
    window.removeEventListener("pointercancel", this.#onCancel);
    window.removeEventListener("keydown", this.#onKeyDown, true);
    window.removeEventListener("blur", this.#onCancel);
  }
}

/** The click that follows on letting go would open the task. */
function suppressClick(): void {
  const stop = (event: Event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", stop, true), 50);
}

function prevent(event: Event): void {
  event.preventDefault();
}
