import de from "catalogue:de";
import en from "catalogue:en";
import { t } from "tms/i18n";
import { navigate, type WebModule } from "tms/module";

const module: WebModule = {
  name: "tms_reports",
  messages: { en, de },
  pages: [{ path: "/reports", title: () => t("reports.title"), load: () => import("./report-page.tsx") }],
  navigation: [{ path: "/reports", label: () => t("reports.title"), icon: "chart", order: 40, keys: "g r" }],
  commands: [
    { id: "reports.mine", label: () => t("reports.mine"), run: () => navigate("/reports?assignee=me") },
    {
      id: "reports.print",
      label: () => t("reports.print"),
      run: () => print(),
      isAvailable: () => location.pathname.endsWith("/reports"),
    },
  ],
};
export default module;
