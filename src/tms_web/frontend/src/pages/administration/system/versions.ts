import type { SystemProcess } from "../types.ts";

/** The versions of the processes that run; more than one means that some have not been restarted. */
export function versionsOf(processes: readonly SystemProcess[]): string[] {
  return [...new Set(processes.filter((one) => one.is_alive).map((one) => one.version))].sort();
}

/** The version of most processes that run. */
export function usualVersion(processes: readonly SystemProcess[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { version, is_alive } of processes) if (is_alive) counts.set(version, (counts.get(version) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}
