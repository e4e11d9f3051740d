/** A list of webhooks with all that can be done to them, or the deliveries of one. */
import { useRef, useState } from "preact/hooks";
import { api, errorText } from "tms/api";
import { t } from "tms/i18n";
import { announce, useResource } from "tms/module";
import { Button, confirm, EmptyState, ErrorState, SkeletonRows, toast } from "tms/ui";
import { Deliveries } from "./deliveries.tsx";
import { ReplayDialog } from "./replay-dialog.tsx";
import { SecretDialog } from "./secret-dialog.tsx";
import { WebhookDialog } from "./webhook-dialog.tsx";
import { type Action, WebhookRow } from "./webhook-row.tsx";
import { PATH, type ShownSecret, type Webhook } from "./webhooks.ts";

const EVERY = 10_000;

interface ManagerProps {
  isShown: (webhook: Webhook) => boolean;
  /** Whether the owners are named. */
  isNamed?: boolean;
  mayCreate?: boolean;
}

type Open =
  | { kind: "dialog"; webhook: Webhook | null }
  | { kind: "secret"; secret: string }
  | { kind: "replay"; webhook: Webhook };

export function WebhookManager({ isShown, isNamed = false, mayCreate = false }: ManagerProps) {
  const { data, error, reload } = useResource(
    PATH,
    (signal) => api.get<{ results: readonly Webhook[] }>(PATH, {}, { signal, tries: 1 }),
    { every: EVERY },
  );
  const [open, setOpen] = useState<Open | null>(null);
  const [watchedId, setWatchedId] = useState<number | null>(null);
  const anchor = useRef<HTMLDivElement>(null);
  const webhooks = data?.results.filter(isShown) ?? [];
  const watched = webhooks.find(({ id }) => id === watchedId);

  const attempt = async (act: () => Promise<unknown>, done: string) => {
    try {
      await act();
      announce(done);
      toast(done, { tone: "success" });
    } catch (failure) {
      toast(errorText(failure), { tone: "error" });
    }
    await reload();
  };
  const remove = async (webhook: Webhook) => {
    const text = t("webhooks.deleteText", { url: webhook.url });
    const action = t("webhooks.delete");
    if (!(await confirm({ title: t("webhooks.deleteTitle"), text, action, isDanger: true }))) return;
    anchor.current?.focus();
    await attempt(() => api.delete(`${PATH}/${webhook.id}`), t("webhooks.deleted"));
  };
  const rotate = async (webhook: Webhook) => {
    const question = { title: t("webhooks.rotateTitle"), text: t("webhooks.rotateText"), action: t("webhooks.rotate") };
    if (!(await confirm(question))) return;
    try {
      const { secret } = await api.post<ShownSecret>(`${PATH}/${webhook.id}/rotate-secret`, {}, { tries: 1 });
      setOpen({ kind: "secret", secret });
    } catch (failure) {
      toast(errorText(failure), { tone: "error" });
    }
  };
  const run = (action: Action, webhook: Webhook) => {
    switch (action) {
      case "edit":
        return setOpen({ kind: "dialog", webhook });
      case "deliveries":
        return setWatchedId(webhook.id);
      case "replay":
        return setOpen({ kind: "replay", webhook });
      case "test":
        return void attempt(() => api.post(`${PATH}/${webhook.id}/test`), t("webhooks.tested"));
      case "toggle": {
        const body = { is_active: !webhook.is_active };
        return void attempt(() => api.patch(`${PATH}/${webhook.id}`, body), t("webhooks.saved"));
      }
      case "rotate":
        return void rotate(webhook);
      case "delete":
        return void remove(webhook);
    }
  };
  const close = () => setOpen(null);
  const create = mayCreate && (
    <Button variant="primary" icon="plus" onClick={() => setOpen({ kind: "dialog", webhook: null })}>
      {t("webhooks.create")}
    </Button>
  );
  return (
    <>
      {/* Takes the focus when a row has gone, and when the deliveries are shown or closed. */}
      <div ref={anchor} tabIndex={-1} class="webhooks__anchor">
        {watched ? (
          <Deliveries
            webhook={watched}
            onAction={run}
            onClose={() => {
              setWatchedId(null);
              anchor.current?.focus();
            }}
          />
        ) : webhooks.length ? (
          <ul class="webhooks__list">
            {webhooks.map((webhook) => (
              <WebhookRow key={webhook.id} webhook={webhook} isNamed={isNamed} onAction={run} />
            ))}
          </ul>
        ) : data ? (
          <EmptyState icon="link" title={t("webhooks.none")}>
            {create}
          </EmptyState>
        ) : error === null ? (
          <SkeletonRows count={3} />
        ) : (
          <ErrorState error={error} onRetry={() => void reload()} />
        )}
      </div>
      {!watched && webhooks.length > 0 && create && <div class="row">{create}</div>}
      {open?.kind === "dialog" && (
        <WebhookDialog
          webhook={open.webhook}
          onClose={close}
          onSaved={(secret) => {
            setOpen(secret === null ? null : { kind: "secret", secret });
            void reload();
          }}
        />
      )}
      {open?.kind === "secret" && <SecretDialog secret={open.secret} onClose={close} />}
      {open?.kind === "replay" && (
        <ReplayDialog
          webhook={open.webhook}
          onClose={() => {
            close();
            void reload();
          }}
        />
      )}
    </>
  );
}
