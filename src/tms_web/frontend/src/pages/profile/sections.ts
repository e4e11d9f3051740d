/** The sections of the profile that the shell itself brings; those of packages come between by their order. */
import { t } from "tms/i18n";
import type { SectionEntry } from "tms/module";

export const ownSections: readonly SectionEntry[] = [
  { id: "account", order: 10, icon: "user", label: label("account"), load: () => import("./account.tsx") },
  { id: "email", order: 20, icon: "mail", label: label("email"), load: () => import("./email.tsx") },
  { id: "password", order: 30, icon: "key", label: label("password"), load: () => import("./password.tsx") },
  { id: "appearance", order: 40, icon: "sun", label: label("appearance"), load: () => import("./appearance.tsx") },
  { id: "time", order: 50, icon: "clock", label: label("time"), load: () => import("./date-and-time.tsx") },
  { id: "sessions", order: 70, icon: "monitor", label: label("sessions"), load: () => import("./sessions.tsx") },
  { id: "tokens", order: 80, icon: "command", label: label("tokens"), load: () => import("./tokens.tsx") },
  { id: "delete", order: 90, icon: "trash", label: label("delete"), load: () => import("./deletion.tsx") },
];

function label(id: string): () => string {
  return () => t(`profile.${id}.title`);
}
