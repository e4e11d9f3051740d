/** The notes in the web UI, written by hand: no build, and nothing but the modules of the page's import map. */
import { api } from "tms/api";
import { t } from "tms/i18n";

export default {
  name: "tms_foreign",
  messages: {
    en: { "foreign.notes": "Notes", "foreign.forget": "Forget all notes", "foreign.own": "{count} notes are kept." },
    de: { "foreign.notes": "Notizen", "foreign.forget": "Alle Notizen vergessen", "foreign.own": "{count} Notizen." },
  },
  pages: [{ path: "/foreign-notes", title: () => t("foreign.notes"), load: () => import("./notes.js") }],
  navigation: [{ path: "/foreign-notes", label: () => t("foreign.notes"), icon: "list", order: 900, keys: "g n" }],
  commands: [{ id: "foreign.forget", label: () => t("foreign.forget"), run: () => void api.delete("/api/foreign-notes") }],
  taskSections: [{ id: "foreign-notes", order: 50, load: () => import("./task-notes.js") }],
  profileSections: [
    {
      id: "foreign-notes",
      order: 65,
      icon: "list",
      label: () => t("foreign.notes"),
      load: () => import("./profile-notes.js"),
    },
  ],
};
