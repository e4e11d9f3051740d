import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, api, type ShownApiToken } from "tms/api";
import { t } from "tms/i18n";
import { config } from "tms/module";
import { Button, Checkbox, Dialog, Field, Notice, Select, TextInput, toast } from "tms/ui";
import { useForm } from "../guest-form/form.ts";
import { EXPIRIES, type Expiry, expiryOf } from "./expiry.ts";
import { withPasswordErrors } from "./own-account.ts";
import { scopeName } from "./scopes.ts";

interface NewTokenProps {
  onClose: () => void;
  onCreated: () => void;
}

/** Creates a token, and shows it this once. */
export function NewToken({ onClose, onCreated }: NewTokenProps) {
  const [token, setToken] = useState<ShownApiToken | null>(null);
  return (
    <Dialog
      title={token ? t("profile.tokens.createdTitle", { name: token.name }) : t("profile.tokens.create")}
      onClose={onClose}
    >
      {token ? (
        <Created token={token.token} onClose={onClose} />
      ) : (
        <Form
          onClose={onClose}
          onCreated={(made) => {
            setToken(made);
            onCreated();
          }}
        />
      )}
    </Dialog>
  );
}

function Form({ onClose, onCreated }: { onClose: () => void; onCreated: (token: ShownApiToken) => void }) {
  const [scopes, setScopes] = useState<readonly string[]>([]);
  const [expiry, setExpiry] = useState<Expiry>("90");
  const [noScope, setNoScope] = useState(false);
  // Asked for only some time after signing in, which the server decides.
  const [needsPassword, setNeedsPassword] = useState(false);
  const form = useForm({
    initial: { name: "", current_password: "" },
    required: needsPassword ? ["name", "current_password"] : ["name"],
    send: async ({ name, current_password }) => {
      setNoScope(!scopes.length);
      if (!scopes.length) return;
      const body = {
        name: name.trim(),
        scopes,
        expires_at: expiryOf(expiry),
        ...(needsPassword && { current_password }),
      };
      // Once: repeated after a lost response, it would make a second token that nobody has seen.
      const send = () => api.post<ShownApiToken>("/api/api-tokens", body, { tries: 1 });
      try {
        onCreated(await (needsPassword ? withPasswordErrors(send) : send()));
      } catch (error) {
        if (needsPassword || !(error instanceof ApiError) || !error.byField.current_password) throw error;
        setNeedsPassword(true);
      }
    },
  });
  const { bind, errors } = form;
  useEffect(() => {
    form.element.current?.querySelector<HTMLElement>(needsPassword ? "[type=password]" : "input")?.focus();
  }, [needsPassword]);
  const toggle = (scope: string, isWanted: boolean) => {
    setNoScope(false);
    setScopes(isWanted ? [...scopes, scope] : scopes.filter((one) => one !== scope));
  };
  return (
    <form class="stack" ref={form.element} onSubmit={form.submit} noValidate>
      {form.failure && <Notice tone="danger">{form.failure}</Notice>}
      <Field label={t("profile.tokens.name")} hint={t("profile.tokens.nameHint")} error={errors.name}>
        <TextInput {...bind("name")} maxLength={100} autocomplete="off" required />
      </Field>
      <fieldset class="profile__choices" aria-describedby={noScope ? "profile-no-scope" : undefined}>
        <legend class="field__label">{t("profile.tokens.scopes")}</legend>
        {config.scopes.map((scope) => (
          <Checkbox
            key={scope}
            label={scopeName(scope)}
            checked={scopes.includes(scope)}
            onToggle={(isWanted) => toggle(scope, isWanted)}
          />
        ))}
        {noScope && (
          <p class="field__error" id="profile-no-scope" role="alert">
            {t("profile.tokens.noScope")}
          </p>
        )}
      </fieldset>
      <Field label={t("profile.tokens.expiry")}>
        <Select
          value={expiry}
          options={EXPIRIES.map((one) => ({ value: one, label: expiryName(one) }))}
          onSelect={setExpiry}
        />
      </Field>
      {needsPassword && (
        <Field
          label={t("profile.currentPassword")}
          hint={t("profile.tokens.passwordHint")}
          error={errors.current_password}
        >
          <TextInput {...bind("current_password")} type="password" autocomplete="current-password" required />
        </Field>
      )}
      <div class="dialog__actions">
        <Button onClick={onClose}>{t("ui.cancel")}</Button>
        <Button type="submit" variant="primary" isBusy={form.isBusy}>
          {t("profile.tokens.action")}
        </Button>
      </div>
    </form>
  );
}

function Created({ token, onClose }: { token: string; onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(token);
      toast(t("profile.tokens.copied"), { tone: "success" });
    } catch {
      // Without https the browser offers no clipboard: the selected text can be copied by hand.
      field.current?.select();
      toast(t("profile.tokens.copyByHand"));
    }
  };
  return (
    <div class="stack">
      <Notice tone="warning">{t("profile.tokens.shownOnce")}</Notice>
      <Field label={t("profile.tokens.token")}>
        <TextInput
          class="profile__token"
          value={token}
          readOnly
          inputRef={field}
          onFocus={(event) => (event.currentTarget as HTMLInputElement).select()}
        />
      </Field>
      <p class="muted">
        {t("profile.tokens.usage")} <code>Authorization: Bearer {token.slice(0, 8)}…</code>
      </p>
      <div class="dialog__actions">
        <Button icon="copy" onClick={() => void copy()}>
          {t("profile.tokens.copy")}
        </Button>
        <Button variant="primary" onClick={onClose}>
          {t("profile.tokens.close")}
        </Button>
      </div>
    </div>
  );
}

function expiryName(expiry: Expiry): string {
  return expiry === "never" ? t("profile.tokens.never") : t("profile.tokens.days", { count: Number(expiry) });
}
