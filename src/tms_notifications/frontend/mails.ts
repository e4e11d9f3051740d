import type { MailStatus } from "tms/api";

/** The filters of the mail log; other statuses are not shown. */
export const STATUSES = ["failed", "waiting", "held", "sent"] as const satisfies readonly MailStatus[];
export type ShownStatus = (typeof STATUSES)[number];
