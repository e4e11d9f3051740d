import { useState } from "preact/hooks";
import { api, errorText } from "tms/api";
import { t } from "tms/i18n";
import { Button, Dialog, Field, Notice, TextInput, toast } from "tms/ui";
import { eventNumber, PATH, type Webhook } from "./webhooks.ts";

/** Has events sent again. */
export function ReplayDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | undefined>();
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    const since = eventNumber(text);
    if (since === null) return setError(t("webhooks.notANumber"));
    setBusy(true);
    try {
      const range = await api.post<{ since: number; until: number }>(`${PATH}/${webhook.id}/replay`, { since });
      toast(t("webhooks.replayed", { since: String(range.since + 1), until: String(range.until) }), {
        tone: "success",
      });
      onClose();
    } catch (cause) {
      setFailure(errorText(cause));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("webhooks.replayTitle")} onClose={onClose}>
      <form class="stack" onSubmit={send} noValidate>
        {failure && <Notice tone="danger">{failure}</Notice>}
        <p class="muted">{t("webhooks.replayText")}</p>
        <Field label={t("webhooks.replaySince")} hint={t("webhooks.replaySinceHint")} error={error}>
          <TextInput
            value={text}
            inputMode="numeric"
            autocomplete="off"
            maxLength={15}
            onText={(next) => {
              setText(next);
              setError(undefined);
            }}
            required
          />
        </Field>
        <div class="dialog__actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" variant="primary" isBusy={isBusy}>
            {t("webhooks.replayAction")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
