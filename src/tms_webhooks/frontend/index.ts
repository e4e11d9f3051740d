import de from "catalogue:de";
import en from "catalogue:en";
import styles from "styles:page.css";
import { t } from "tms/i18n";
import { navigate, type WebModule, withStyles } from "tms/module";

const module: WebModule = {
  name: "tms_webhooks",
  messages: { en, de },
  profileSections: [
    {
      id: "webhooks",
      order: 85,
      icon: "link",
      label: () => t("webhooks.title"),
      load: () => withStyles(styles, import("./own-webhooks.tsx")),
    },
  ],
  administrationSections: [
    {
      id: "webhooks",
      order: 45,
      icon: "link",
      label: () => t("webhooks.title"),
      load: () => withStyles(styles, import("./all-webhooks.tsx")),
    },
  ],
  commands: [
    {
      id: "webhooks.open",
      label: () => t("ui.goTo", { name: t("webhooks.title") }),
      run: () => navigate("/profile/webhooks"),
    },
  ],
};
export default module;
