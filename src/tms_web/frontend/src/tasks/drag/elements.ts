/** The task that an element stands for. */
export function idOf(item: HTMLElement): number {
  return Number(item.dataset.drag);
}

/** The target around an element. */
export function targetOf(element: Element | null): string | null {
  return element?.closest<HTMLElement>("[data-drop]")?.dataset.drop ?? null;
}
