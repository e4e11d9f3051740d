import { jsx } from "preact/jsx-runtime";
import { t } from "tms/i18n";
import { useNotes } from "./notes.js";

/** How many notes there are, in the profile. */
export default function ProfileNotes() {
  const text = t("foreign.own", { count: useNotes().length });
  return jsx("section", {
    class: "card",
    children: [jsx("h2", { tabIndex: -1, children: t("foreign.notes") }), jsx("p", { children: text })],
  });
}
