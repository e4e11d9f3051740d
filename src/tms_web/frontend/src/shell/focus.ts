let isFirst = true;

/**
 * Called when a page has been shown: focuses its heading, so that it is read out. The first page leaves the focus to the
 * browser, and a field that the page itself has focused keeps it.
 */
export function focusHeading(): void {
  const wasFirst = isFirst;
  isFirst = false;
  const main = document.getElementById("main");
  if (wasFirst || !main || (main !== document.activeElement && main.contains(document.activeElement))) return;
  const heading = main.querySelector<HTMLElement>("h1") ?? main;
  if (!heading.hasAttribute("tabindex")) heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  globalThis.scrollTo(0, 0);
}
