/** The shell's own pages. Each is the `index.tsx` of a folder and is loaded when it is wanted. */
import { t } from "tms/i18n";
import { config, type PageEntry, type WebModule } from "tms/module";

/** Where a signed-in user has nothing to do. */
export const GUEST_PATHS: ReadonlySet<string> = new Set([
  "/sign-in",
  "/register",
  "/forgotten-password",
  "/first-start",
]);

const list: PageEntry["load"] = () => import("./list/index.tsx");
const myTasks: PageEntry["load"] = () => import("./my-tasks/index.tsx");
const board: PageEntry["load"] = () => import("./board/index.tsx");
const calendar: PageEntry["load"] = () => import("./calendar/index.tsx");
const guests: PageEntry[] = [
  { path: "/sign-in", title: () => t("sign-in.title"), load: () => import("./sign-in/index.tsx"), isOpen: true },
  {
    path: "/first-start",
    title: () => t("first-start.title"),
    load: () => import("./first-start/index.tsx"),
    isOpen: true,
  },
];
if (config.registration === "open")
  guests.push({
    path: "/register",
    title: () => t("register.title"),
    load: () => import("./register/index.tsx"),
    isOpen: true,
  });
if (config.passwordReset)
  guests.push({
    path: "/forgotten-password",
    title: () => t("forgotten-password.title"),
    load: () => import("./forgotten-password/index.tsx"),
    isOpen: true,
  });

export const shellPages: WebModule = {
  name: "tms_web",
  pages: [
    ...guests,
    { path: "/tasks", title: () => t("ui.tasks"), load: list },
    { path: "/tasks/:id", title: () => t("ui.tasks"), load: list },
    { path: "/my-tasks", title: () => t("my-tasks.title"), load: myTasks },
    { path: "/my-tasks/:id", title: () => t("my-tasks.title"), load: myTasks },
    { path: "/board", title: () => t("board.title"), load: board },
    { path: "/board/:id", title: () => t("board.title"), load: board },
    { path: "/calendar", title: () => t("calendar.title"), load: calendar },
    { path: "/calendar/:id", title: () => t("calendar.title"), load: calendar },
  ],
  navigation: [
    { path: "/tasks", label: () => t("ui.tasks"), icon: "list", order: 10, keys: "g l" },
    { path: "/my-tasks", label: () => t("my-tasks.title"), icon: "myTasks", order: 15, keys: "g m" },
    { path: "/board", label: () => t("board.title"), icon: "board", order: 20, keys: "g b" },
    { path: "/calendar", label: () => t("calendar.title"), icon: "calendar", order: 30, keys: "g c" },
  ],
};
