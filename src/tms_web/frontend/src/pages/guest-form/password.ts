/** The rules of a new password. */
import { t } from "tms/i18n";

// As the server's rules.
const MINIMUM = 8;
const MAXIMUM = 1000;

export function passwordHint(): string {
  return t("guest-form.passwordRule", { count: MINIMUM });
}

/** How many characters a new password lacks; 0 if none. */
export function missingCharacters(password: string): number {
  return Math.max(0, MINIMUM - lengthOf(password));
}

/** What is wrong with a new password. */
export function checkPassword(password: string): { password?: string } {
  if (missingCharacters(password)) return { password: passwordHint() };
  return lengthOf(password) > MAXIMUM ? { password: t("guest-form.passwordTooLong", { count: MAXIMUM }) } : {};
}

/** Counted as the server counts, whatever the keyboard composes. */
function lengthOf(password: string): number {
  return [...password.normalize("NFC")].length;
}
