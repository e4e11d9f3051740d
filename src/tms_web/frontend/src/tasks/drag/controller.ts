/**
 * Drag and drop of tasks within an element, the area. Tasks are elements with `data-drag`, the places where they can be
 * dropped are elements with `data-drop`; a task's own place is the closest of those around it. Elements may come and go
 * while a task is dragged, as virtual lists have it.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import { t } from "tms/i18n";
import { announce } from "tms/module";
import { tasks } from "tms/store";
import { mayChangeAny } from "../actions.ts";
import { idOf, targetOf } from "./elements.ts";
import { keepFocus } from "./focus.ts";
import { KeyboardSensor } from "./keyboard.ts";
import { PointerSensor } from "./pointer.ts";

/** The task that is dragged. */
export interface Drag {
  id: number;
  /** Where it was lifted. */
  origin: string;
  /** Where it would be dropped now. */
  target: string | null;
  isByKeyboard: boolean;
}

export interface DragRules {
  /** The name of a target, for the live region. */
  nameOf: (target: string) => string;
  /** Called only where the target is another one than the task's own. `from` is where the pointer let go of it. */
  onDrop: (id: number, target: string, from: DOMRect | null) => void;
}

export class DragController {
  readonly #drag = signal<Drag | null>(null);
  readonly drag: ReadonlySignal<Drag | null> = this.#drag;
  readonly #rules: () => DragRules;
  #area: HTMLElement | null = null;

  constructor(rules: () => DragRules) {
    this.#rules = rules;
  }

  /** Listens in an area; returns the function that stops it. */
  attach(area: HTMLElement): () => void {
    this.#area = area;
    const pointer = new PointerSensor(area, this);
    const keyboard = new KeyboardSensor(area, this);
    return () => {
      this.cancel();
      pointer.stop();
      keyboard.stop();
      this.#area = null;
    };
  }

  /** Whether the task of this element may be dragged; else the user is told why not. */
  lift(item: HTMLElement, isByKeyboard: boolean): boolean {
    const id = idOf(item);
    const origin = targetOf(item);
    // A task without a number is not saved yet.
    if (id <= 0 || origin === null || !mayChangeAny([id])) return false;
    this.#drag.value = { id, origin, target: origin, isByKeyboard };
    this.#area?.setAttribute("data-drag-active", "");
    if (isByKeyboard) announce(t("tasks.drag.lifted", { title: titleOf(id), target: this.#rules().nameOf(origin) }));
    return true;
  }

  over(target: string | null): void {
    const drag = this.#drag.peek();
    if (!drag || drag.target === target) return;
    this.#drag.value = { ...drag, target };
    if (drag.isByKeyboard && target !== null) announce(this.#rules().nameOf(target));
  }

  drop(from: DOMRect | null = null): void {
    const drag = this.#end();
    if (!drag) return;
    const { id, origin, target, isByKeyboard } = drag;
    // Somebody else may have deleted it meanwhile.
    if (target === null || target === origin || !tasks.task(id).peek()) {
      this.#tellCancelled(drag);
      return;
    }
    if (isByKeyboard && this.#area) keepFocus(this.#area, id);
    this.#rules().onDrop(id, target, from);
    announce(t("tasks.drag.dropped", { title: titleOf(id), target: this.#rules().nameOf(target) }));
  }

  cancel(): void {
    const drag = this.#end();
    if (drag) this.#tellCancelled(drag);
  }

  #end(): Drag | null {
    const drag = this.#drag.peek();
    this.#drag.value = null;
    this.#area?.removeAttribute("data-drag-active");
    return drag;
  }

  #tellCancelled({ id, origin }: Drag): void {
    announce(t("tasks.drag.cancelled", { title: titleOf(id), target: this.#rules().nameOf(origin) }));
  }
}

function titleOf(id: number): string {
  return tasks.task(id).peek()?.title ?? "";
}
