/** Moves the focus out of a text field to the heading of its page, where the shortcuts work and Tab goes on. */
export function leaveField(field: HTMLElement): void {
  const heading = field.closest("main")?.querySelector<HTMLElement>("h1");
  if (!heading) {
    field.blur();
    return;
  }
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
