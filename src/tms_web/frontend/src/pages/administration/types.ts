/** The answers of `/api/admin`. */

export interface Setting {
  name: string;
  variable: string;
  package: string;
  /** As in an ini file; null if empty, and for secrets. */
  value: string | null;
  default: string | null;
  source: "default" | "ini" | "environment" | "file";
  is_secret: boolean;
  is_set: boolean;
  help: string;
}

export interface SystemProcess {
  kind: string;
  host: string;
  pid: number;
  version: string;
  started_at: string;
  seen_at: string;
  is_alive: boolean;
}

export interface RelaySink {
  name: string;
  position: number | null;
  waiting: number | null;
  lag_seconds: number | null;
  error: string | null;
  failing_since: string | null;
}

export interface System {
  packages: { name: string; version: string | null }[];
  processes: SystemProcess[];
  /** False while Redis is away: then only the process that answers is listed. */
  processes_known: boolean;
  /** Kinds of which a process should run and none does; null when unknown. */
  missing_kinds: string[] | null;
  relay: { leads: boolean | null; head: number | null; unnumbered: number | null; sinks: RelaySink[] };
  queues: { name: string; waiting: number | null; running: number | null }[];
  services: { name: string; status: "ok" | "away"; version: string | null; detail: string | null }[];
  generated_at: string;
}

export interface Findings {
  findings: Finding[];
  /** False if the time did not suffice for all checks. */
  is_complete: boolean;
  generated_at: string;
}

export interface Finding {
  check: string;
  status: "ok" | "warning" | "bad";
  message: string;
  advice: string | null;
}
