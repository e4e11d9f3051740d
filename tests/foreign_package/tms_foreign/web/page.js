/** The page of the notes, written by hand: no build, and nothing but the modules of the page's import map. */
export default {
  name: "tms_foreign",
  messages: { en: { "foreign.notes": "Notes" }, de: { "foreign.notes": "Notizen" } },
  pages: [{ path: "/foreign-notes", title: "foreign.notes", load: () => import("./notes.js") }],
  navigation: [{ path: "/foreign-notes", label: "foreign.notes", icon: "list", order: 900 }],
};
