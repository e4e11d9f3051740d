/** The settings in force, by package, with where each comes from. */
import { useRef, useState } from "preact/hooks";
import { api, type Setting, type Settings } from "tms/api";
import { t } from "tms/i18n";
import { useResource, useShortcuts } from "tms/module";
import { SearchBox } from "tms/tasks";
import { Button, Checkbox, EmptyState } from "tms/ui";
import { Freshness, Reading } from "../reading.tsx";
import { groupSettings, isChanged } from "./filter.ts";

export default function SettingsSection() {
  const resource = useResource("settings", (signal) => api.get<Settings>("/api/admin/settings", {}, { signal }));
  const [q, setQuery] = useState("");
  const [isChangedOnly, setChangedOnly] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", label: t("administration.settings.search"), run: () => search.current?.focus() }]);
  const clear = () => {
    setQuery("");
    setChangedOnly(false);
  };
  return (
    <div class="administration__page">
      <div class="administration__tools">
        <SearchBox input={search} text={q} label={t("administration.settings.search")} onSearch={setQuery} />
        <Checkbox label={t("administration.settings.changed")} checked={isChangedOnly} onToggle={setChangedOnly} />
        <Freshness resource={resource} />
      </div>
      <Reading resource={resource}>
        {({ settings }) => {
          const groups = groupSettings(settings, { q, isChangedOnly });
          if (!groups.size)
            return (
              <EmptyState icon="search" title={t("administration.settings.none")}>
                <Button icon="x" onClick={clear}>
                  {t("administration.settings.clear")}
                </Button>
              </EmptyState>
            );
          return [...groups].map(([name, group]) => <Group key={name} name={name} settings={group} />);
        }}
      </Reading>
    </div>
  );
}

function Group({ name, settings }: { name: string; settings: readonly Setting[] }) {
  return (
    <section class="settings-group" aria-labelledby={`settings-${name}`}>
      <h2 id={`settings-${name}`}>
        {name} <span class="muted number">{settings.length}</span>
      </h2>
      <ul class="card settings-group__list">
        {settings.map((one) => (
          <li key={one.name} class="setting">
            <div class="setting__name">
              <code>{one.name}</code>
              <p class="muted">{one.help}</p>
            </div>
            <div class="setting__value">
              <Value setting={one} />
              {isChanged(one) && !one.is_secret && (
                <p class="muted">
                  {t("administration.settings.default")} <code>{one.default ?? "–"}</code>
                </p>
              )}
            </div>
            <div class="setting__source">
              <span class={`tag ${one.source === "default" ? "" : "tag--accent"}`}>
                {t(`administration.settings.source.${one.source}`)}
              </span>
              {one.source === "environment" && <code class="muted">{one.variable}</code>}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Value({ setting }: { setting: Setting }) {
  if (setting.is_secret)
    return (
      <span class={`tag ${setting.is_set ? "tag--success" : ""}`}>
        {t(setting.is_set ? "administration.settings.set" : "administration.settings.notSet")}
      </span>
    );
  return setting.value !== null ? (
    <code>{setting.value}</code>
  ) : (
    <span class="muted">{t("administration.settings.empty")}</span>
  );
}
