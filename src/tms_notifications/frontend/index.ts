import de from "catalogue:de";
import en from "catalogue:en";
import styles from "styles:page.css";
import { session } from "tms/api";
import { t } from "tms/i18n";
import { navigate, type WebModule, withStyles } from "tms/module";
import { followUser } from "./account.ts";
import { Bell } from "./bell.tsx";
import { followInbox } from "./live.ts";

const page = { title: () => t("notifications.inbox"), load: () => withStyles(styles, import("./page.tsx")) };

const module: WebModule = {
  name: "tms_notifications",
  messages: { en, de },
  // Its own entry of the navigation is the bell.
  headerItems: [{ id: "bell", order: 20, component: Bell }],
  pages: ["/notifications", "/notifications/:id"].map((path) => ({ path, ...page })),
  taskSections: [{ id: "notifications", order: 80, load: () => withStyles(styles, import("./task-section.tsx")) }],
  profileSections: [
    {
      id: "notifications",
      order: 60,
      icon: "bell",
      label: () => t("notifications.title"),
      load: () => withStyles(styles, import("./mail-preferences.tsx")),
    },
  ],
  administrationSections: [
    {
      id: "mails",
      order: 40,
      icon: "mail",
      label: () => t("notifications.log.title"),
      load: () => withStyles(styles, import("./mail-log.tsx")),
    },
  ],
  commands: [
    {
      id: "notifications.inbox",
      label: () => t("ui.goTo", { name: t("notifications.inbox") }),
      keys: "g n",
      run: () => navigate("/notifications"),
    },
    {
      id: "notifications.why",
      label: () => t("notifications.why"),
      run: () => navigate("/notifications?show=mails"),
    },
    {
      id: "notifications.log",
      label: () => t("notifications.log.command"),
      run: () => navigate("/administration/mails"),
      isAvailable: () => session.isAdmin.value,
    },
    {
      id: "notifications.preferences",
      label: () => t("ui.goTo", { name: t("notifications.title") }),
      run: () => navigate("/profile/notifications"),
    },
  ],
};
followUser();
followInbox();
export default module;
