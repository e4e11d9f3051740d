import { jsx } from "preact/jsx-runtime";
import { t } from "tms/i18n";
import { tasks } from "tms/store";
import { useNotes } from "./notes.js";

/** The notes with the title of a task, in its panel. */
export default function TaskNotes({ taskId }) {
  const title = tasks.task(taskId).value?.title ?? "";
  const own = useNotes().filter((note) => note.endsWith(title));
  const list = jsx("ul", { children: own.map((note) => jsx("li", { children: note })) });
  return jsx("section", { "aria-label": t("foreign.notes"), children: [jsx("h3", { children: t("foreign.notes") }), list] });
}
