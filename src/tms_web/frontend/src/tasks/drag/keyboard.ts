/** Space lifts the focused task, arrow keys choose the target, Space or Enter drops, Escape puts it back. */
import type { DragController } from "./controller.ts";
import { targetOf } from "./elements.ts";
import { type Direction, nearest } from "./geometry.ts";

const DIRECTIONS: Record<string, Direction> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

export class KeyboardSensor {
  readonly #area: HTMLElement;
  readonly #controller: DragController;

  constructor(area: HTMLElement, controller: DragController) {
    this.#area = area;
    this.#controller = controller;
    // Before the keys of the page and of the card.
    area.addEventListener("keydown", this.#onKeyDown, true);
    area.addEventListener("focusout", this.#onFocusOut);
  }

  stop(): void {
    this.#area.removeEventListener("keydown", this.#onKeyDown, true);
    this.#area.removeEventListener("focusout", this.#onFocusOut);
  }

  #onKeyDown = (event: KeyboardEvent): void => {
    const item = event.target as HTMLElement;
    const drag = this.#controller.drag.peek();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!drag) {
      if (event.key !== " " || event.shiftKey || item.dataset.drag === undefined) return;
      take(event);
      this.#controller.lift(item, true);
      return;
    }
    if (!drag.isByKeyboard) return;
    const direction = DIRECTIONS[event.key];
    if (direction) this.#move(direction, drag.target ?? drag.origin);
    else if (event.key === " " || event.key === "Enter") this.#controller.drop();
    else if (event.key === "Escape") this.#controller.cancel();
    else if (event.key === "Tab") return;
    take(event);
  };

  /** Tab or a press elsewhere puts the task back; a card that is rendered anew does not lose it. */
  #onFocusOut = (event: FocusEvent): void => {
    const item = event.target as HTMLElement;
    if (this.#controller.drag.peek()?.isByKeyboard && event.relatedTarget && item.dataset.drag !== undefined)
      this.#controller.cancel();
  };

  #move(direction: Direction, from: string): void {
    const elements = [...this.#area.querySelectorAll<HTMLElement>("[data-drop]")];
    const places = elements.map((element) => element.getBoundingClientRect());
    const start = elements.findIndex((element) => targetOf(element) === from);
    const found = elements[nearest(places, start, direction)];
    if (!found) return;
    this.#controller.over(targetOf(found));
    found.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function take(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}
