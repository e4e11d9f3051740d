/** Creates or changes a webhook. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, api, errorText, fieldText } from "tms/api";
import { t } from "tms/i18n";
import { Button, Checkbox, Dialog, Field, Notice, TextInput, toast } from "tms/ui";
import { FilterFields } from "./filter-fields.tsx";
import { EVENTS, fieldsOf, PATH, type ShownSecret, type Webhook, type WebhookFields } from "./webhooks.ts";

interface DialogProps {
  /** The one to change; null for a new one. */
  webhook: Webhook | null;
  onClose: () => void;
  /** Gets the secret of a new one. */
  onSaved: (secret: string | null) => void;
}

const EMPTY: WebhookFields = { url: "", description: "", events: EVENTS, filter: {}, is_active: true };

export function WebhookDialog({ webhook, onClose, onSaved }: DialogProps) {
  const { url, description, events, filter, is_active } = webhook ?? EMPTY;
  const [values, setValues] = useState<WebhookFields>({ url, description, events, filter, is_active });
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input")?.focus(), []);

  const set = (part: Partial<WebhookFields>) => {
    setValues((before) => ({ ...before, ...part }));
    setErrors(({ ...others }) => Object.fromEntries(Object.entries(others).filter(([name]) => !(name in part))));
  };
  const show = (found: Readonly<Record<string, string>>, sentence: string | null) => {
    setErrors(found);
    setFailure(sentence);
    // After the errors have been rendered, so that they are read out with the field.
    setTimeout(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  const save = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    const found = {
      ...(!values.url.trim() && { url: t("ui.required") }),
      ...(!values.events.length && { events: t("webhooks.noEvent") }),
    };
    if (Object.keys(found).length) return show(found, null);
    setBusy(true);
    try {
      const body = fieldsOf(values);
      if (webhook) {
        await api.patch(`${PATH}/${webhook.id}`, body);
        toast(t("webhooks.saved"), { tone: "success" });
        onSaved(null);
      } else {
        // Once: repeated after a lost response, it would make a second one whose secret nobody has seen.
        onSaved((await api.post<ShownSecret>(PATH, body, { tries: 1 })).secret);
      }
    } catch (error) {
      const known = error instanceof ApiError ? Object.entries(error.byField).filter(([name]) => name in values) : [];
      show(
        Object.fromEntries(known.map(([name, one]) => [name, fieldText(one)])),
        known.length ? null : errorText(error),
      );
      setBusy(false);
    }
  };
  return (
    <Dialog title={webhook ? t("webhooks.editTitle") : t("webhooks.create")} onClose={onClose}>
      <form class="stack" ref={form} onSubmit={save} noValidate>
        {failure && <Notice tone="danger">{failure}</Notice>}
        <Field label={t("webhooks.url")} hint={t("webhooks.urlHint")} error={errors.url}>
          <TextInput
            type="url"
            value={values.url}
            onText={(text) => set({ url: text })}
            maxLength={2000}
            autocomplete="off"
            required
          />
        </Field>
        <Field label={t("webhooks.description")} error={errors.description}>
          <TextInput
            value={values.description}
            onText={(text) => set({ description: text })}
            maxLength={200}
            autocomplete="off"
          />
        </Field>
        <fieldset class="webhooks__choices" aria-describedby={errors.events ? "webhooks-no-event" : undefined}>
          <legend class="field__label">{t("webhooks.events")}</legend>
          {EVENTS.map((one) => (
            <Checkbox
              key={one}
              label={t(`webhooks.event.${one}`)}
              checked={values.events.includes(one)}
              onToggle={(isWanted) =>
                set({ events: EVENTS.filter((other) => (other === one ? isWanted : values.events.includes(other))) })
              }
            />
          ))}
          {errors.events && (
            <p class="field__error" id="webhooks-no-event" role="alert">
              {errors.events}
            </p>
          )}
        </fieldset>
        <FilterFields filter={values.filter} onChange={(next) => set({ filter: next })} />
        <Checkbox
          label={t("webhooks.active")}
          checked={values.is_active}
          onToggle={(isWanted) => set({ is_active: isWanted })}
        />
        <div class="dialog__actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" variant="primary" isBusy={isBusy}>
            {webhook ? t("webhooks.save") : t("webhooks.add")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
