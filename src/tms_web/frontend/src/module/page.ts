/** The title of the page and the live region. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

const titles: { text: string }[] = [];
let pageTitle = "";

/** Sets the title while the component is mounted; the latest wins over that of the page. */
export function useTitle(text: string): void {
  const title = useRef({ text });
  useEffect(() => {
    title.current.text = text;
    if (!titles.includes(title.current)) titles.push(title.current);
    show();
  }, [text]);
  useEffect(
    () => () => {
      titles.splice(titles.indexOf(title.current), 1);
      show();
    },
    [],
  );
}

/** Sets the title of the page itself; for the shell. */
export function setPageTitle(text: string): void {
  pageTitle = text;
  show();
}

function show(): void {
  const text = titles.at(-1)?.text ?? pageTitle;
  document.title = text ? `${text} · TMS` : "TMS";
}

/** The text of the live region; for the shell. */
export const announcement = signal("");

/** Has a screen reader read a text out, after what it is reading. */
export function announce(text: string): void {
  // The same text again would be no change; a no-break space makes it one.
  announcement.value = text === announcement.peek() ? `${text}\u00a0` : text;
}
