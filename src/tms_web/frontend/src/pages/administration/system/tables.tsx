import type { System } from "tms/api";
import { formatNumber, t } from "tms/i18n";
import { RelativeTime } from "tms/ui";

export function Services({ services }: { services: System["services"] }) {
  return (
    <ul class="system__services">
      {services.map(({ name, status, version, detail }) => (
        <li key={name}>
          <strong>{name}</strong>
          <span class={`tag tag--${status === "ok" ? "success" : "danger"}`}>
            {t(`administration.system.service.${status}`)}
          </span>
          <span class="muted">{[version, detail].filter(Boolean).join(" · ")}</span>
        </li>
      ))}
    </ul>
  );
}

export function Relay({ relay }: { relay: System["relay"] }) {
  const label = (name: string) => t(`administration.system.${name}`);
  return (
    <table class="admin-table">
      <thead>
        <tr>
          <th scope="col">{label("sink")}</th>
          <th scope="col" class="number">
            {label("waiting")}
          </th>
          <th scope="col" class="number">
            {label("lag")}
          </th>
        </tr>
      </thead>
      <tbody>
        {relay.sinks.map(({ name, waiting, lag_seconds, error, failing_since }) => (
          <tr key={name}>
            <th scope="row">
              {name}
              {error && (
                <p class="field__error">
                  {error} {failing_since && <RelativeTime at={failing_since} />}
                </p>
              )}
            </th>
            <td class="number" data-label={label("waiting")}>
              {count(waiting)}
            </td>
            <td class="number" data-label={label("lag")}>
              {seconds(lag_seconds)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Queues({ queues }: { queues: System["queues"] }) {
  const label = (name: string) => t(`administration.system.${name}`);
  if (!queues.length) return <p class="muted">{label("noQueues")}</p>;
  return (
    <table class="admin-table">
      <thead>
        <tr>
          <th scope="col">{label("queue")}</th>
          <th scope="col" class="number">
            {label("waiting")}
          </th>
          <th scope="col" class="number">
            {label("running")}
          </th>
        </tr>
      </thead>
      <tbody>
        {queues.map(({ name, waiting, running }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number" data-label={label("waiting")}>
              {count(waiting)}
            </td>
            <td class="number" data-label={label("running")}>
              {count(running)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A number, or that it is not known. */
function count(value: number | null): string {
  return value === null ? t("administration.system.unknown") : formatNumber(value);
}

function seconds(value: number | null): string {
  if (value === null) return t("administration.system.unknown");
  return formatNumber(value, { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 1 });
}
