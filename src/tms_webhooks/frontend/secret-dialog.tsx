import { useEffect, useRef } from "preact/hooks";
import { t } from "tms/i18n";
import { Button, Dialog, Field, Notice, TextInput, toast } from "tms/ui";

/** Shows a secret this once. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      toast(t("webhooks.copied"), { tone: "success" });
    } catch {
      // Without https the browser offers no clipboard: the selected text can be copied by hand.
      field.current?.select();
      toast(t("webhooks.copyByHand"));
    }
  };
  return (
    <Dialog title={t("webhooks.secretTitle")} onClose={onClose}>
      <div class="stack">
        <Notice tone="warning">{t("webhooks.secretOnce")}</Notice>
        <Field label={t("webhooks.secret")} hint={t("webhooks.secretUsage")}>
          <TextInput
            class="webhooks__secret"
            value={secret}
            readOnly
            inputRef={field}
            onFocus={(event) => (event.currentTarget as HTMLInputElement).select()}
          />
        </Field>
        <div class="dialog__actions">
          <Button icon="copy" onClick={() => void copy()}>
            {t("webhooks.copy")}
          </Button>
          <Button variant="primary" onClick={onClose}>
            {t("webhooks.close")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
