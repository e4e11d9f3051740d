import de from "catalogue:de";
import en from "catalogue:en";
import styles from "styles:page.css";
import { t } from "tms/i18n";
import { linkStyles, navigate, type WebModule } from "tms/module";

const styled = async <T>(load: Promise<T>): Promise<T> => {
  const [section] = await Promise.all([load, linkStyles(styles)]);
  return section;
};

const module: WebModule = {
  name: "tms_webhooks",
  messages: { en, de },
  profileSections: [
    {
      id: "webhooks",
      order: 85,
      icon: "link",
      label: () => t("webhooks.title"),
      load: () => styled(import("./own-webhooks.tsx")),
    },
  ],
  administrationSections: [
    {
      id: "webhooks",
      order: 45,
      icon: "link",
      label: () => t("webhooks.title"),
      load: () => styled(import("./all-webhooks.tsx")),
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
