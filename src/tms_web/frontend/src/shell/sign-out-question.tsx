import { signal } from "@preact/signals";
import { t } from "tms/i18n";
import { Checkbox, confirm } from "tms/ui";

/** What the user wants to end: undefined is nothing. */
export interface SignOutChoice {
  endsTokens: boolean;
}

export async function askToSignOutEverywhere(): Promise<SignOutChoice | undefined> {
  const endsTokens = signal(false);
  const isConfirmed = await confirm({
    title: t("ui.signOutEverywhere"),
    text: (
      <div class="stack">
        <p>{t("ui.signOutEverywhereText")}</p>
        <EndTokens value={endsTokens} />
      </div>
    ),
    action: t("ui.signOut"),
    isDanger: true,
  });
  return isConfirmed ? { endsTokens: endsTokens.peek() } : undefined;
}

function EndTokens({ value }: { value: { value: boolean } }) {
  return (
    <Checkbox
      label={t("ui.signOutEndTokens")}
      checked={value.value}
      onToggle={(isOn) => {
        value.value = isOn;
      }}
    />
  );
}
