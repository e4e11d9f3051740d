/** The shell's own sections of the administration; packages add theirs as `administrationSections`. */
import { session } from "tms/api";
import { t } from "tms/i18n";
import { type Command, navigate, type SectionEntry } from "tms/module";

export const ownSections: readonly SectionEntry[] = [
  {
    id: "users",
    order: 10,
    icon: "users",
    label: () => t("administration.users"),
    load: () => import("./users/index.tsx"),
  },
  {
    id: "settings",
    order: 20,
    icon: "settings",
    label: () => t("administration.settings"),
    load: () => import("./settings/index.tsx"),
  },
  {
    id: "system",
    order: 30,
    icon: "monitor",
    label: () => t("administration.system"),
    load: () => import("./system/index.tsx"),
  },
  {
    id: "doctor",
    order: 50,
    icon: "check",
    label: () => t("administration.doctor"),
    load: () => import("./doctor/index.tsx"),
  },
];

export const administrationCommands: readonly Command[] = [
  ...ownSections.map(({ id, label }) => ({
    id: `administration ${id}`,
    label: () => t("administration.command", { name: label() }),
    run: () => navigate(`/administration/${id}`),
    isAvailable: () => session.isAdmin.value,
  })),
  {
    id: "administration new-user",
    label: () => t("administration.users.new"),
    run: () => navigate("/administration/users?new"),
    isAvailable: () => session.isAdmin.value,
  },
];
