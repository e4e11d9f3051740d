import de from "catalogue:de";
import en from "catalogue:en";
import { session } from "tms/api";
import { t } from "tms/i18n";
import { navigate, type WebModule } from "tms/module";
import { followUser } from "./account.ts";

const module: WebModule = {
  name: "tms_notifications",
  messages: { en, de },
  profileSections: [
    {
      id: "notifications",
      order: 60,
      icon: "bell",
      label: () => t("notifications.title"),
      load: () => import("./mail-preferences.tsx"),
    },
  ],
  administrationSections: [
    {
      id: "mails",
      order: 40,
      icon: "mail",
      label: () => t("notifications.log.title"),
      load: () => import("./mail-log.tsx"),
    },
  ],
  commands: [
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
export default module;
