import type { RefObject } from "preact";
import type { ListView } from "./query.ts";
import { SearchBox } from "./search-box.tsx";

export interface ViewSearchProps {
  input: RefObject<HTMLInputElement | null>;
  view: ListView;
  onChange: (view: ListView, options: { replace: boolean }) => void;
}

/** The search of a page of tasks. Back leaves the search as a whole, and not letter by letter. */
export function ViewSearch({ input, view, onChange }: ViewSearchProps) {
  const search = (q: string) => onChange({ ...view, q }, { replace: view.q !== "" && q !== "" });
  return <SearchBox input={input} text={view.q} onSearch={search} />;
}
