import { useEffect, useState } from "preact/hooks";
import { jsx } from "preact/jsx-runtime";
import { api } from "tms/api";
import { t } from "tms/i18n";

/** The notes of this package, as they are when the component is mounted. */
export function useNotes() {
  const [notes, setNotes] = useState([]);
  useEffect(() => {
    void api.get("/api/foreign-notes").then(setNotes);
  }, []);
  return notes;
}

/** The titles of all tasks that were created, as a list. */
export default function Notes() {
  const list = jsx("ul", { children: useNotes().map((note) => jsx("li", { children: note })) });
  return jsx("section", { children: [jsx("h1", { tabIndex: -1, children: t("foreign.notes") }), list] });
}
