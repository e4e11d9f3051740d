import de from "catalogue:de";
import en from "catalogue:en";
import styles from "styles:page.css";
import { t } from "tms/i18n";
import { navigate, type WebModule, withStyles } from "tms/module";

// One function, so that the page stays while its section changes.
const load = () => withStyles(styles, import("./report-page.tsx"));
const loadList = () => withStyles(styles, import("./lists/list-page.tsx"));
const loadOpen = () => withStyles(styles, import("./lists/open-page.tsx"));

const module: WebModule = {
  name: "tms_reports",
  messages: { en, de },
  pages: [
    { path: "/reports", title: () => t("reports.title"), load },
    { path: "/reports/tasks/:list", title: () => t("reports.title"), load: loadList },
    { path: "/reports/open", title: () => t("reports.title"), load: loadOpen },
    { path: "/reports/:section", title: () => t("reports.title"), load },
  ],
  navigation: [{ path: "/reports", label: () => t("reports.title"), icon: "chart", order: 40, keys: "g r" }],
  commands: [
    { id: "reports.mine", label: () => t("reports.mine"), run: () => navigate("/reports?assignee=me") },
    {
      id: "reports.print",
      label: () => t("reports.print"),
      run: () => print(),
      isAvailable: () => /\/reports(\/|$)/.test(location.pathname),
    },
  ],
};
export default module;
