import type { Finding } from "tms/api";

/** The colour of a status. */
export const TONES: Record<Finding["status"], string> = { bad: "danger", warning: "warning", ok: "success" };
const ORDER: readonly Finding["status"][] = ["bad", "warning", "ok"];

/** What needs attention first; otherwise in the order of the server. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((one, other) => ORDER.indexOf(one.status) - ORDER.indexOf(other.status));
}
