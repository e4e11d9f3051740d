/** The shell's own pages. Each is the `index.tsx` of a folder and is loaded when it is wanted. */
import type { ComponentType } from "preact";
import { t } from "tms/i18n";
import { config, type PageEntry, type PageProps, type WebModule } from "tms/module";

/** Where a signed-in user has nothing to do. */
export const GUEST_PATHS: ReadonlySet<string> = new Set([
  "/sign-in",
  "/register",
  "/forgotten-password",
  "/first-start",
]);

const tasks = load("tasks");
const guests: PageEntry[] = [
  { path: "/sign-in", title: () => t("sign-in.title"), load: load("sign-in"), isOpen: true },
  { path: "/first-start", title: () => t("first-start.title"), load: load("first-start"), isOpen: true },
];
if (config.registration === "open")
  guests.push({ path: "/register", title: () => t("register.title"), load: load("register"), isOpen: true });
if (config.passwordReset)
  guests.push({
    path: "/forgotten-password",
    title: () => t("forgotten-password.title"),
    load: load("forgotten-password"),
    isOpen: true,
  });

export const shellPages: WebModule = {
  name: "tms_web",
  pages: [
    ...guests,
    { path: "/tasks", title: () => t("ui.tasks"), load: tasks },
    { path: "/tasks/:id", title: () => t("ui.tasks"), load: tasks },
  ],
  navigation: [{ path: "/tasks", label: () => t("ui.tasks"), icon: "list", order: 10, keys: "g l" }],
};

function load(folder: string): () => Promise<{ default: ComponentType<PageProps> }> {
  return () => import(`./${folder}/index.tsx`);
}
