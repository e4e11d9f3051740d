import { t } from "tms/i18n";
import { nameOf, users } from "tms/store";

/** The name of a user; a sentence's stand-in for an account that was deleted or is not loaded yet. */
export function userName(id: number): string {
  const user = users.get(id);
  return user ? nameOf(user) : t("taskPanel.unknownUser");
}
