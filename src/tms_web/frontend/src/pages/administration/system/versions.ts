import type { SystemProcess } from "tms/api";

/** The versions of the processes that run, without unknown ones; more than one means that some have not been restarted. */
export function versionsOf(processes: readonly SystemProcess[]): string[] {
  return [...new Set(known(processes))].sort();
}

/** The version of most processes that run. */
export function usualVersion(processes: readonly SystemProcess[]): string | undefined {
  const counts = new Map<string, number>();
  for (const version of known(processes)) counts.set(version, (counts.get(version) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}

function known(processes: readonly SystemProcess[]): string[] {
  return processes.flatMap(({ is_alive, version }) => (is_alive && version !== null ? [version] : []));
}
