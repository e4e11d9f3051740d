/** What the pages of mailed links have in common: the text of a refused link, and where to go on. */
import { ApiError, errorText, session } from "tms/api";
import { t } from "tms/i18n";
import { Link } from "tms/module";

/** Why a link was refused; undefined for other errors, after which the same link may be tried again. */
export type Refusal = "used" | "expired" | "outdated" | "wrong";

const REFUSALS: Record<string, Refusal> = {
  link_used: "used",
  link_expired: "expired",
  link_outdated: "outdated",
};

export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof ApiError) || error.status !== 400) return undefined;
  const { token } = error.byField;
  return token && (REFUSALS[token.code ?? ""] ?? "wrong");
}

export function refusalText(error: unknown): string {
  const refusal = refusalOf(error);
  return refusal ? t(`mailed-link.${refusal}`) : errorText(error);
}

/** To the tasks, or to the sign-in. */
export function GoOn() {
  return session.state.value === "in" ? (
    <Link href="/">{t("mailed-link.toTasks")}</Link>
  ) : (
    <Link href="/sign-in">{t("mailed-link.signIn")}</Link>
  );
}
