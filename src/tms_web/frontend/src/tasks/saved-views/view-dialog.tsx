/** Asks for the name of a view, and whether it is shared. */
import { useState } from "preact/hooks";
import { errorText } from "tms/api";
import { t } from "tms/i18n";
import { Button, Checkbox, Dialog, Field, TextInput } from "tms/ui";

export interface ViewDialogProps {
  title: string;
  name: string;
  isShared: boolean;
  /** Rejects if the server refuses. */
  onSave: (name: string, isShared: boolean) => Promise<void>;
  onClose: () => void;
}

export function ViewDialog(props: ViewDialogProps) {
  const [name, setName] = useState(props.name);
  const [isShared, setShared] = useState(props.isShared);
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      await props.onSave(name.trim(), isShared);
      props.onClose();
    } catch (cause) {
      setError(errorText(cause));
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy && name.trim()) void save();
        }}
      >
        <Field label={t("tasks.views.name")} error={error}>
          <TextInput value={name} onText={setName} maxLength={100} required autocomplete="off" autofocus />
        </Field>
        <div class="saved-views__shared">
          <Checkbox label={t("tasks.views.shared")} checked={isShared} onToggle={setShared} />
        </div>
        <div class="dialog__actions">
          <Button onClick={props.onClose}>{t("ui.cancel")}</Button>
          <Button variant="primary" type="submit" isBusy={isBusy}>
            {t("tasks.views.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
