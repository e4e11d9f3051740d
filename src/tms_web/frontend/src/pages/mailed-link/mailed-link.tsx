/** What the pages of mailed links have in common: the text of a refused link, and where to go on. */
import type { ComponentType, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ApiError, errorText, session } from "tms/api";
import { t } from "tms/i18n";
import { Link } from "tms/module";
import { focusHeading } from "../../shell/focus.ts";
import { useLinkToken } from "./token.ts";

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

export interface LinkProps {
  /** Null if the address has none. */
  token: string | null;
}

/** A page of a mailed link: it starts anew with each link that is opened. */
export function linkPage(Page: ComponentType<LinkProps>): () => VNode {
  return function LinkPage() {
    const token = useLinkToken();
    const first = useRef(token);
    useEffect(() => {
      // The form of the link before had the focus.
      if (token !== first.current) focusHeading();
    }, [token]);
    return <Page key={token} token={token} />;
  };
}

/** To the tasks, or to the sign-in. */
export function GoOn() {
  return session.state.value === "in" ? (
    <Link href="/">{t("mailed-link.toTasks")}</Link>
  ) : (
    <Link href="/sign-in">{t("mailed-link.signIn")}</Link>
  );
}
