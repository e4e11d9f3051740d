/** The shell's own pages. Each is the `index.tsx` of a folder and is loaded when it is wanted. */
import { session } from "tms/api";
import { t } from "tms/i18n";
import { type Command, config, navigate, type PageEntry, type WebModule } from "tms/module";
import { pathOfView, prefetch, savedViews } from "tms/store";
import { administrationCommands, ownSections as administrationOwn } from "./administration/sections.ts";
import { ownSections as profileOwn } from "./profile/sections.ts";

/** Where a signed-in user has nothing to do. */
export const GUEST_PATHS: ReadonlySet<string> = new Set([
  "/sign-in",
  "/register",
  "/forgotten-password",
  "/first-start",
]);

type Load = PageEntry["load"];
type Prefetch = NonNullable<PageEntry["prefetch"]>;

const guests = [
  open("/sign-in", "sign-in.title", () => import("./sign-in/index.tsx")),
  open("/first-start", "first-start.title", () => import("./first-start/index.tsx")),
  ...(config.registration === "open"
    ? [open("/register", "register.title", () => import("./register/index.tsx"))]
    : []),
  ...(config.passwordReset
    ? [open("/forgotten-password", "forgotten-password.title", () => import("./forgotten-password/index.tsx"))]
    : []),
];

/** What mailed links open, whether or not somebody is signed in. */
const mailedLinks = [
  open("/verify-email", "verify-email.title", () => import("./verify-email/index.tsx")),
  open("/reset-password", "reset-password.title", () => import("./reset-password/index.tsx")),
  open("/undo-email-change", "undo-email-change.title", () => import("./undo-email-change/index.tsx")),
];

/** The saved views in the command palette. */
function viewCommands(): Command[] {
  return savedViews.all.value.map((view) => ({
    id: `view ${view.id}`,
    label: () => t("tasks.views.open", { name: view.name }),
    run: () => navigate(pathOfView(view)),
  }));
}

export const shellPages: WebModule = {
  name: "tms_web",
  pages: [
    ...guests,
    ...mailedLinks,
    ...both("/tasks", ":id", "ui.tasks", () => import("./list/index.tsx"), prefetchTasks),
    ...both("/my-tasks", ":id", "my-tasks.title", () => import("./my-tasks/index.tsx")),
    ...both("/board", ":id", "board.title", () => import("./board/index.tsx")),
    ...both("/calendar", ":id", "calendar.title", () => import("./calendar/index.tsx")),
    ...both("/profile", ":section", "profile.title", () => import("./profile/index.tsx")),
    ...both("/administration", ":section", "administration.title", () => import("./administration/index.tsx")),
  ],
  navigation: [
    { path: "/tasks", label: () => t("ui.tasks"), icon: "list", order: 10, keys: "g l" },
    { path: "/my-tasks", label: () => t("my-tasks.title"), icon: "myTasks", order: 15, keys: "g m" },
    { path: "/board", label: () => t("board.title"), icon: "board", order: 20, keys: "g b" },
    { path: "/calendar", label: () => t("calendar.title"), icon: "calendar", order: 30, keys: "g c" },
    {
      path: "/administration",
      label: () => t("administration.title"),
      icon: "shield",
      order: 90,
      keys: "g a",
      isAvailable: () => session.isAdmin.value,
    },
  ],
  // Read each time: they change with the views.
  get commands() {
    return [...viewCommands(), ...administrationCommands];
  },
  administrationSections: administrationOwn,
  profileSections: profileOwn,
};

/** A page that needs no session. */
function open(path: string, title: string, load: Load): PageEntry {
  return { path, title: () => t(title), load, isOpen: true };
}

/** A page with and without a parameter; it stays mounted when the parameter changes. */
function both(path: string, parameter: string, title: string, load: Load, prefetch?: Prefetch): PageEntry[] {
  const entry = { title: () => t(title), load, ...(prefetch && { prefetch }) };
  return [path, `${path}/${parameter}`].map((one) => ({ path: one, ...entry }));
}

/** The first page of the list; its groups come with the page. */
async function prefetchTasks(query: URLSearchParams): Promise<void> {
  // Not at the sign-in.
  const { currentDay, readView, toListQuery } = await import("tms/tasks");
  const view = readView(query);
  if (!view.group) prefetch(toListQuery(view, currentDay.peek()));
}
