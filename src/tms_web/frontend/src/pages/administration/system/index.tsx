/** What runs: processes with versions and signs of life, the relay, queues and services; follows by itself. */
import type { ComponentChildren } from "preact";
import { api, type System } from "tms/api";
import { t } from "tms/i18n";
import { useResource } from "tms/module";
import { EmptyState, Notice } from "tms/ui";
import { Freshness, Reading } from "../reading.tsx";
import { Processes } from "./processes.tsx";
import { Queues, Relay, Services } from "./tables.tsx";
import { versionsOf } from "./versions.ts";

const EVERY = 5000;

export default function SystemSection() {
  const read = (signal: AbortSignal) => api.get<System>("/api/admin/system", {}, { signal, tries: 1 });
  const resource = useResource("system", read, { every: EVERY });
  return (
    <div class="administration__page">
      <div class="administration__tools">
        <p class="muted">{t("administration.system.text")}</p>
        <Freshness resource={resource} />
      </div>
      <Reading resource={resource}>
        {(system) => (
          <div class="system" data-stale={resource.error !== null}>
            <Warnings system={system} />
            <Card title={t("administration.system.services")}>
              <Services services={system.services} />
            </Card>
            <Card title={t("administration.system.packages")}>
              <dl class="system__packages">
                {system.packages.map(({ name, version }) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd class="number muted">{version ?? t("administration.system.unknown")}</dd>
                  </div>
                ))}
              </dl>
            </Card>
            <Card title={t("administration.system.processes")} isWide>
              {system.processes.length ? (
                <Processes processes={system.processes} />
              ) : (
                <EmptyState icon="monitor" title={t("administration.system.noProcesses")} />
              )}
            </Card>
            <Card title={t("administration.system.relay")}>
              <Relay relay={system.relay} />
            </Card>
            <Card title={t("administration.system.queues")}>
              <Queues queues={system.queues} />
            </Card>
          </div>
        )}
      </Reading>
    </div>
  );
}

/** What needs attention, above the cards. */
function Warnings({ system }: { system: System }) {
  const versions = versionsOf(system.processes);
  const missing = system.missing_kinds ?? [];
  const sentences = [
    !system.processes_known && t("administration.system.processesUnknown"),
    missing.length > 0 && t("administration.system.missing", { kinds: missing.join(", ") }),
    versions.length > 1 && t("administration.system.versionsDiffer", { versions: versions.join(", ") }),
    system.relay.leads === false && !missing.includes("relay") && t("administration.system.noLeader"),
  ].filter((one) => one !== false);
  if (!sentences.length) return null;
  return (
    <div class="system__wide stack">
      {sentences.map((sentence) => (
        <Notice key={sentence} tone="warning">
          {sentence}
        </Notice>
      ))}
    </div>
  );
}

function Card(props: { title: string; isWide?: boolean; children: ComponentChildren }) {
  return (
    <section class={`card system__card ${props.isWide ? "system__wide" : ""}`} aria-label={props.title}>
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}
