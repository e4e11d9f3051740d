/** Which mails the user gets, in which language, and in which time zone days begin. */
import { useId, useRef, useState } from "preact/hooks";
import { errorText, type MailPreferences } from "tms/api";
import { t } from "tms/i18n";
import { announce, config } from "tms/module";
import { Checkbox, Combobox, ErrorState, Icon, Notice, Select, SkeletonRows } from "tms/ui";
import { preferences } from "./account.ts";
import { MutedTaskList } from "./muted-tasks.tsx";
import type { PreferenceChange } from "./preferences.ts";

const KINDS = ["assigned", "updated", "due_soon"] as const;
const DELIVERIES = ["immediate", "digest", "off"] as const;
const LANGUAGES = ["", "en", "de"] as const;
const ZONES = Intl.supportedValuesOf("timeZone");

export default function MailPreferencesSection() {
  const shown = preferences.shown.value;
  const [failure, setFailure] = useState<unknown>(null);
  const [isSaved, setSaved] = useState(false);
  const latest = useRef(0);
  const change = async (values: PreferenceChange) => {
    const turn = ++latest.current;
    setFailure(null);
    setSaved(false);
    try {
      await preferences.change(values);
      if (turn !== latest.current) return;
      setSaved(true);
      announce(t("notifications.saved"));
    } catch (error) {
      setFailure(error);
    }
  };
  return (
    <section class="card stack mail-preferences">
      <header class="mail-preferences__head">
        <h2 tabIndex={-1}>{t("notifications.title")}</h2>
        <p class="mail-preferences__saved" data-shown={isSaved}>
          <Icon name="check" />
          {t("notifications.saved")}
        </p>
        <p class="mail-preferences__text muted">{t("notifications.text")}</p>
      </header>
      {shown ? (
        <>
          <fieldset class="mail-preferences__kinds">
            <legend class="field__label">{t("notifications.mails")}</legend>
            {KINDS.map((kind) => (
              <Kind key={kind} kind={kind} value={shown[kind]} onSelect={(value) => void change({ [kind]: value })} />
            ))}
          </fieldset>
          <fieldset class="mail-preferences__kinds">
            <legend class="field__label">{t("notifications.own")}</legend>
            <Choice
              name="own_changes"
              checked={shown.own_changes}
              onToggle={(isOn) => void change({ own_changes: isOn })}
            />
          </fieldset>
          <Language language={shown.language} onChoose={(language) => void change({ language })} />
          <TimeZone zone={shown.timezone} onChoose={(timezone) => void change({ timezone })} />
          {failure !== null && (
            <Notice tone="danger">{t("notifications.failed", { reason: errorText(failure) })}</Notice>
          )}
        </>
      ) : preferences.error.value ? (
        <ErrorState error={preferences.error.value} onRetry={() => void preferences.load()} />
      ) : (
        <SkeletonRows count={4} />
      )}
      <MutedTaskList />
    </section>
  );
}

interface KindProps {
  kind: (typeof KINDS)[number];
  value: MailPreferences["assigned"];
  onSelect: (value: MailPreferences["assigned"]) => void;
}

/** When mails of one kind are sent. */
function Kind({ kind, value, onSelect }: KindProps) {
  const id = useId();
  return (
    <div class="mail-preferences__kind">
      <div>
        <label class="mail-preferences__name" for={id}>
          {t(`notifications.${kind}`)}
        </label>
        <span class="mail-preferences__hint" id={`${id}-hint`}>
          {t(`notifications.${kind}.${value}`)}
        </span>
      </div>
      <Select
        id={id}
        aria-describedby={`${id}-hint`}
        value={value}
        options={DELIVERIES.map((one) => ({ value: one, label: t(`notifications.delivery.${one}`) }))}
        onSelect={onSelect}
      />
    </div>
  );
}

interface ChoiceProps {
  name: string;
  checked: boolean;
  onToggle: (checked: boolean) => void;
}

function Choice({ name, checked, onToggle }: ChoiceProps) {
  return (
    <Checkbox
      label={
        <>
          <span class="mail-preferences__name">{t(`notifications.${name}`)}</span>{" "}
          <span class="mail-preferences__hint">{t(`notifications.${name}.hint`)}</span>
        </>
      }
      {...{ checked, onToggle }}
    />
  );
}

interface LanguageProps {
  language: MailPreferences["language"];
  onChoose: (language: MailPreferences["language"]) => void;
}

/** The language of mails, which is not that of these pages. */
function Language({ language, onChoose }: LanguageProps) {
  const id = useId();
  return (
    <div class="field mail-preferences__zone">
      <label class="field__label" for={id}>
        {t("notifications.language")}
      </label>
      <Select
        id={id}
        aria-describedby={`${id}-hint`}
        value={language ?? ""}
        options={LANGUAGES.map((value) => ({ value, label: t(`notifications.language.${value || "default"}`) }))}
        onSelect={(value) => onChoose(value || null)}
      />
      <p class="field__hint" id={`${id}-hint`}>
        {t("notifications.language.hint")}
      </p>
    </div>
  );
}

function TimeZone({ zone, onChoose }: { zone: string | null; onChoose: (zone: string | null) => void }) {
  const label = t("notifications.timezone");
  // A zone by an older name, which the browser does not list.
  const zones = zone && !ZONES.includes(zone) ? [zone, ...ZONES] : ZONES;
  return (
    <div class="field mail-preferences__zone">
      <span class="field__label">{label}</span>
      <Combobox
        label={label}
        options={[
          { value: "", label: t("notifications.timezone.default", { zone: config.timezone }) },
          ...zones.map((value) => ({ value, label: value.replaceAll("_", " ") })),
        ]}
        selected={[zone ?? ""]}
        onPick={(value) => onChoose(value || null)}
      />
      <p class="field__hint">{t("notifications.timezone.hint")}</p>
    </div>
  );
}
