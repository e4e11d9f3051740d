/** Searches while one types. */
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "tms/i18n";
import { Icon, Kbd } from "tms/ui";
import { leaveField } from "./leave-field.ts";

const PAUSE = 180;

export interface SearchBoxProps {
  input: RefObject<HTMLInputElement | null>;
  text: string;
  /** What is searched, as "Search users"; by default the tasks. */
  label?: string;
  onSearch: (text: string) => void;
}

export function SearchBox({ input, text, label = t("tasks.search"), onSearch }: SearchBoxProps) {
  const [typed, setTyped] = useState(text);
  const sent = useRef(text);
  // The address may change while the timer runs.
  const send = useRef(onSearch);
  send.current = onSearch;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  // The address changed by other means: Back, or clearing the filters.
  useEffect(() => {
    if (text === sent.current) return;
    sent.current = text;
    clearTimeout(timer.current);
    setTyped(text);
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const search = (value: string, delay: number) => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      sent.current = value;
      send.current(value);
    }, delay);
  };
  return (
    <search class="tasks__search">
      <Icon name="search" />
      <input
        class="input"
        ref={input}
        type="search"
        enterkeyhint="search"
        autocomplete="off"
        aria-label={label}
        placeholder={label}
        value={typed}
        onInput={(event) => search(event.currentTarget.value, PAUSE)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.isComposing) {
            search(event.currentTarget.value, 0);
            leaveField(event.currentTarget);
          }
          if (event.key !== "Escape") return;
          event.stopPropagation();
          event.preventDefault();
          if (typed) search("", 0);
          else leaveField(event.currentTarget);
        }}
      />
      {!typed && <Kbd keys="/" />}
    </search>
  );
}
