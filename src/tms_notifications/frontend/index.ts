import de from "catalogue:de";
import en from "catalogue:en";
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
  commands: [
    {
      id: "notifications.preferences",
      label: () => t("ui.goTo", { name: t("notifications.title") }),
      run: () => navigate("/profile/notifications"),
    },
  ],
};
followUser();
export default module;
