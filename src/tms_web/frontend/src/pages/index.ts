/** The shell's own pages. Each is the `index.tsx` of a folder and is loaded when it is wanted. */
import { t } from "tms/i18n";
import { type Command, config, navigate, type PageEntry, type WebModule } from "tms/module";
import { pathOfView, savedViews } from "tms/store";

/** Where a signed-in user has nothing to do. */
export const GUEST_PATHS: ReadonlySet<string> = new Set([
  "/sign-in",
  "/register",
  "/forgotten-password",
  "/first-start",
]);

const list: PageEntry["load"] = () => import("./list/index.tsx");
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
    { path: "/tasks", title: () => t("ui.tasks"), load: list },
    { path: "/tasks/:id", title: () => t("ui.tasks"), load: list },
  ],
  navigation: [{ path: "/tasks", label: () => t("ui.tasks"), icon: "list", order: 10, keys: "g l" }],
  // Read each time: they change with the views.
  get commands() {
    return viewCommands();
  },
};
