/** What became of the mail of a notification, and what one can do about it. */
import type { NotificationOutcome } from "tms/api";
import type { IconName } from "tms/ui";

export const ICONS: Record<NotificationOutcome, IconName> = {
  sent: "check",
  waiting: "clock",
  coalesced: "mail",
  digest: "inbox",
  suppressed: "bellOff",
  failed: "alert",
};

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
