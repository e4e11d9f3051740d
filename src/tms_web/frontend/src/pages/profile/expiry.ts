/** When a new token ends: after some days, or never. */
export const EXPIRIES = ["30", "90", "365", "never"] as const;
export type Expiry = (typeof EXPIRIES)[number];

const DAY = 86_400_000;

/** The instant (RFC 3339), or null for never. */
export function expiryOf(choice: Expiry, now: number = Date.now()): string | null {
  return choice === "never" ? null : new Date(now + Number(choice) * DAY).toISOString();
}
