/** The copy of a card that follows the pointer, above everything else. */
export class DragPreview {
  readonly #element: HTMLElement;
  readonly #grip: { x: number; y: number };

  constructor(item: HTMLElement, pointer: { x: number; y: number }) {
    const { left, top, width, height } = item.getBoundingClientRect();
    this.#grip = { x: pointer.x - left, y: pointer.y - top };
    const copy = item.cloneNode(true) as HTMLElement;
    for (const name of ["id", "data-drag", "data-id", "tabindex", "style", "role", "aria-describedby"])
      copy.removeAttribute(name);
    copy.classList.add("drag-preview");
    copy.setAttribute("aria-hidden", "true");
    copy.inert = true;
    copy.popover = "manual";
    copy.style.width = `${width}px`;
    copy.style.height = `${height}px`;
    // Beside its original, so that container queries see the same container.
    (item.closest("[data-drag-active]") ?? document.body).append(copy);
    copy.showPopover();
    this.#element = copy;
  }

  moveTo({ x, y }: { x: number; y: number }): void {
    this.#element.style.translate = `${x - this.#grip.x}px ${y - this.#grip.y}px`;
  }

  rect(): DOMRect {
    return this.#element.getBoundingClientRect();
  }

  remove(): void {
    this.#element.remove();
  }
}
