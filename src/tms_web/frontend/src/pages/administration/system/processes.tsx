import type { SystemProcess } from "tms/api";
import { t } from "tms/i18n";
import { RelativeTime } from "tms/ui";
import { usualVersion } from "./versions.ts";

export function Processes({ processes }: { processes: readonly SystemProcess[] }) {
  const usual = usualVersion(processes);
  const label = (name: string) => t(`administration.system.${name}`);
  return (
    <table class="admin-table">
      <thead>
        <tr>
          {["process", "state", "host", "version", "started", "seen"].map((name) => (
            <th key={name} scope="col">
              {label(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {processes.map((one) => (
          <tr key={`${one.host} ${one.pid} ${one.kind}`}>
            <th scope="row">{one.kind}</th>
            <td data-label={label("state")}>
              <span class={`tag tag--${one.is_alive ? "success" : "danger"}`}>
                {t(`administration.system.${one.is_alive ? "alive" : "silent"}`)}
              </span>
            </td>
            <td data-label={label("host")}>
              {one.host} <span class="muted number">({one.pid})</span>
            </td>
            <td data-label={label("version")}>
              <span class={one.is_alive && one.version && one.version !== usual ? "tag tag--warning" : ""}>
                {one.version ?? "–"}
              </span>
            </td>
            <td data-label={label("started")}>
              <RelativeTime at={one.started_at} />
            </td>
            <td data-label={label("seen")}>
              <RelativeTime at={one.seen_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
