const PATIENCE = 3_000;

/**
 * Keeps the focus on a task while it is rendered in another place: the new element gets it, now or when it is there,
 * unless the user moves the focus meanwhile.
 */
export function keepFocus(area: HTMLElement, id: number): void {
  const selector = `[data-drag="${id}"]`;
  const settle = () => {
    const active = document.activeElement;
    const item = area.querySelector<HTMLElement>(selector);
    if (active && active !== document.body) {
      // The old element is still there, or the user has gone on.
      if (!active.matches(selector)) stop();
    } else if (item) item.focus();
  };
  const observer = new MutationObserver(settle);
  const timer = setTimeout(() => observer.disconnect(), PATIENCE);
  const stop = () => {
    observer.disconnect();
    clearTimeout(timer);
  };
  observer.observe(area, { childList: true, subtree: true });
}
