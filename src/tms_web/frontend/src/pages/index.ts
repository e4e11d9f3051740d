/** The shell's own pages. Each is the `index.tsx` of a folder and is loaded when it is wanted. */
import { session } from "tms/api";
import { t } from "tms/i18n";
import { config, type PageEntry, type WebModule } from "tms/module";
import { administrationCommands, ownSections as administrationOwn } from "./administration/sections.ts";
import { ownSections as profileOwn } from "./profile/sections.ts";

/** Where a signed-in user has nothing to do. */
export const GUEST_PATHS: ReadonlySet<string> = new Set([
  "/sign-in",
  "/register",
  "/forgotten-password",
  "/first-start",
]);

const administration: PageEntry["load"] = () => import("./administration/index.tsx");
const list: PageEntry["load"] = () => import("./list/index.tsx");
const board: PageEntry["load"] = () => import("./board/index.tsx");
const profile: PageEntry["load"] = () => import("./profile/index.tsx");
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

/** What mailed links open, whether or not somebody is signed in. */
const mailedLinks: PageEntry[] = [
  {
    path: "/verify-email",
    title: () => t("verify-email.title"),
    load: () => import("./verify-email/index.tsx"),
    isOpen: true,
  },
  {
    path: "/reset-password",
    title: () => t("reset-password.title"),
    load: () => import("./reset-password/index.tsx"),
    isOpen: true,
  },
  {
    path: "/undo-email-change",
    title: () => t("undo-email-change.title"),
    load: () => import("./undo-email-change/index.tsx"),
    isOpen: true,
  },
];

export const shellPages: WebModule = {
  name: "tms_web",
  pages: [
    ...guests,
    ...mailedLinks,
    { path: "/tasks", title: () => t("ui.tasks"), load: list },
    { path: "/tasks/:id", title: () => t("ui.tasks"), load: list },
    { path: "/board", title: () => t("board.title"), load: board },
    { path: "/board/:id", title: () => t("board.title"), load: board },
    { path: "/profile", title: () => t("profile.title"), load: profile },
    { path: "/profile/:section", title: () => t("profile.title"), load: profile },
    { path: "/administration", title: () => t("administration.title"), load: administration },
    { path: "/administration/:section", title: () => t("administration.title"), load: administration },
  ],
  navigation: [
    { path: "/tasks", label: () => t("ui.tasks"), icon: "list", order: 10, keys: "g l" },
    { path: "/board", label: () => t("board.title"), icon: "board", order: 20, keys: "g b" },
    {
      path: "/administration",
      label: () => t("administration.title"),
      icon: "shield",
      order: 90,
      keys: "g a",
      isAvailable: () => session.isAdmin.value,
    },
  ],
  commands: administrationCommands,
  administrationSections: administrationOwn,
  profileSections: profileOwn,
};
