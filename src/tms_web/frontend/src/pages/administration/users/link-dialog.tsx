import { useRef, useState } from "preact/hooks";
import type { ResetLink } from "tms/api";
import { formatDateTime, t } from "tms/i18n";
import { announce } from "tms/module";
import { Button, Dialog, Field, Notice, TextInput } from "tms/ui";

/** Shows a link once, for the administrator to hand over. */
export function LinkDialog({ link, name, onClose }: { link: ResetLink; name: string; onClose: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link.url);
      setCopied(true);
      announce(t("administration.users.link.copied"));
    } catch {
      // Without https the browser offers no clipboard: the text is selected to be copied by hand.
      input.current?.select();
    }
  };
  return (
    <Dialog title={t("administration.users.link.title", { name })} onClose={onClose} isWide>
      <div class="stack">
        <Notice tone="warning">
          {t("administration.users.link.text", { until: formatDateTime(link.expires_at) })}
        </Notice>
        <div class="user-form__link">
          <Field label={t("administration.users.link.label")}>
            <TextInput value={link.url} readOnly inputRef={input} onFocus={() => input.current?.select()} />
          </Field>
          <Button variant="primary" icon={isCopied ? "check" : "copy"} onClick={() => void copy()} autofocus>
            {t(isCopied ? "administration.users.link.copied" : "administration.users.link.copy")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
