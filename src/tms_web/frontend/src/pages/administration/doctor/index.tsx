/** The findings of `tms doctor`, with what to do about each. */
import { api, type Finding, type Findings } from "tms/api";
import { t } from "tms/i18n";
import { useResource } from "tms/module";
import { Icon, Notice } from "tms/ui";
import { Freshness, Reading } from "../reading.tsx";
import { bySeverity, TONES } from "./severity.ts";

export default function DoctorSection() {
  const resource = useResource("doctor", (signal) => api.get<Findings>("/api/admin/doctor", {}, { signal, tries: 1 }));
  return (
    <div class="administration__page">
      <div class="administration__tools">
        <p class="muted">{t("administration.doctor.text")}</p>
        <Freshness resource={resource} action={t("administration.doctor.again")} />
      </div>
      <Reading resource={resource}>
        {({ findings, is_complete }) => (
          <>
            {!is_complete && <Notice tone="warning">{t("administration.doctor.incomplete")}</Notice>}
            <ul class="card findings" aria-busy={resource.isLoading}>
              {bySeverity(findings).map((one, index) => (
                <FindingItem key={`${one.check} ${index}`} finding={one} />
              ))}
            </ul>
          </>
        )}
      </Reading>
    </div>
  );
}

function FindingItem({ finding: { check, status, message, advice } }: { finding: Finding }) {
  const tone = TONES[status];
  return (
    <li class="finding">
      <span class={`tag tag--${tone}`}>
        <Icon name={status === "ok" ? "check" : "alert"} />
        {t(`administration.doctor.${status}`)}
      </span>
      <div>
        <p>
          <strong>{check}</strong> <span class="muted">{message}</span>
        </p>
        {advice && <p class="finding__advice">{advice}</p>}
      </div>
    </li>
  );
}
