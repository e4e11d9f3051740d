import { type Language, language, t } from "tms/i18n";
import { densityName, themeName } from "../../shell/actions.ts";
import { chooseLanguage, DENSITIES, density, LANGUAGES, THEMES, theme } from "../../shell/preferences.ts";
import { Choices } from "./choices.tsx";
import { Section } from "./section.tsx";

/** Theme, density and language, which hold for this browser. */
export default function Appearance() {
  return (
    <Section title={t("profile.appearance.title")} text={t("profile.onThisDevice")}>
      <Choices
        legend={t("profile.appearance.theme")}
        name="theme"
        options={THEMES.map((one) => ({ value: one, label: themeName(one) }))}
        value={theme.value}
        onPick={(one) => {
          theme.value = one;
        }}
      />
      <Choices
        legend={t("profile.appearance.density")}
        name="density"
        options={DENSITIES.map((one) => ({ value: one, label: densityName(one) }))}
        value={density.value}
        onPick={(one) => {
          density.value = one;
        }}
      />
      <Choices
        legend={t("profile.appearance.language")}
        name="language"
        options={(Object.keys(LANGUAGES) as Language[]).map((one) => ({ value: one, label: LANGUAGES[one] }))}
        value={language.value}
        onPick={(one) => void chooseLanguage(one)}
      />
    </Section>
  );
}
