/** What became of the mail of a notification, and what one can do about it. */
import type { InboxNotification, NotificationOutcome } from "tms/api";
import { hasMessage, t } from "tms/i18n";
import type { IconName } from "tms/ui";

export const ICONS: Record<NotificationOutcome, IconName> = {
  sent: "check",
  waiting: "clock",
  coalesced: "mail",
  digest: "inbox",
  suppressed: "bellOff",
  failed: "alert",
};

/** What became of the mail, in a few words. */
export function outcomeText({ outcome, reason }: Pick<InboxNotification, "outcome" | "reason">): string {
  const key = `notifications.outcome.${outcome}`;
  return t(hasMessage(`${key}.${reason}`) ? `${key}.${reason}` : key);
}

/** The page where the user changes what a reason depends on; none where nothing can be changed. */
export function remedyOf(reason: string): { path: string; key: string } | null {
  switch (reason) {
    case "preference_off":
    case "own_change":
    case "preference_digest":
      return { path: "/profile/notifications", key: "notifications.changePreferences" };
    case "address_unproved":
      return { path: "/profile/email", key: "notifications.confirmAddress" };
    default:
      return null;
  }
}
