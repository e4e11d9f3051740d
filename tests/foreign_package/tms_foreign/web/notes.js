import { useEffect, useState } from "preact/hooks";
import { jsx } from "preact/jsx-runtime";
import { api } from "tms/api";

/** The titles of all tasks that were created, as a list. */
export default function Notes() {
  const [notes, setNotes] = useState([]);
  useEffect(() => {
    void api.get("/api/foreign-notes").then(setNotes);
  }, []);
  return jsx("ul", { children: notes.map((note) => jsx("li", { children: note })) });
}
