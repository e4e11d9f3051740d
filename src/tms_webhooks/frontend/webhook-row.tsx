import { t } from "tms/i18n";
import { Button, Icon, IconButton, Menu, type MenuItem, RelativeTime } from "tms/ui";
import { stateOf, toneOf, type Webhook } from "./webhooks.ts";

export type Action = "edit" | "deliveries" | "replay" | "test" | "toggle" | "rotate" | "delete";

interface RowProps {
  webhook: Webhook;
  isNamed: boolean;
  onAction: (action: Action, webhook: Webhook) => void;
}

export function WebhookRow({ webhook, isNamed, onAction }: RowProps) {
  const { url, description, events, filter } = webhook;
  const facts = [
    isNamed && t("webhooks.owner", { name: webhook.owner.username }),
    events.map((one) => t(`webhooks.events.${one}`)).join(", "),
    Object.keys(filter).length > 0 && t("webhooks.filtered"),
  ];
  return (
    <li class="webhook">
      <div class="webhook__text">
        <strong class="webhook__url">{description || url}</strong>
        {description && <span class="muted webhook__url">{url}</span>}
        <span class="muted">{facts.filter(Boolean).join(" · ")}</span>
        <WebhookState webhook={webhook} />
      </div>
      <div class="webhook__actions">
        <Button
          size="small"
          aria-label={`${t("webhooks.deliveries")}: ${url}`}
          onClick={() => onAction("deliveries", webhook)}
        >
          {t("webhooks.deliveries")}
        </Button>
        <WebhookMenu webhook={webhook} onAction={onAction} />
      </div>
    </li>
  );
}

export function WebhookState({ webhook }: { webhook: Webhook }) {
  const state = stateOf(webhook);
  const tone = toneOf(state);
  return (
    <>
      <span class={`webhook__state webhook__state--${tone}`}>
        <Icon name={tone === "good" ? "check" : tone === "off" ? "x" : "alert"} />
        {t(`webhooks.state.${state}`)}
        {webhook.replaying && ` · ${t("webhooks.replaying")}`}
      </span>
      {webhook.failing_since && (
        <span class="muted">
          {t("webhooks.failures", { count: webhook.failures })} <RelativeTime at={webhook.failing_since} />
        </span>
      )}
      {webhook.paused_until && (
        <span class="muted">
          {t("webhooks.paused")} <RelativeTime at={webhook.paused_until} />
        </span>
      )}
      {webhook.last_error && <span class="webhook__error">{webhook.last_error}</span>}
    </>
  );
}

export function WebhookMenu({ webhook, onAction }: Omit<RowProps, "isNamed">) {
  const item = (action: Action, label: string, more: Partial<MenuItem> = {}): MenuItem => ({
    id: action,
    label,
    run: () => onAction(action, webhook),
    ...more,
  });
  const isOff = { disabled: !webhook.is_active };
  const label = t("webhooks.actions", { url: webhook.url });
  return (
    <Menu
      label={label}
      placement="bottom-end"
      items={[
        item("edit", t("webhooks.edit"), { icon: "edit" }),
        item("test", t("webhooks.test"), { icon: "bell", ...isOff }),
        item("replay", t("webhooks.replay"), { icon: "undo", disabled: !webhook.is_active || webhook.replaying }),
        item("rotate", t("webhooks.rotate"), { icon: "key" }),
        item("toggle", webhook.is_active ? t("webhooks.turnOff") : t("webhooks.turnOn"), { icon: "refresh" }),
        item("delete", t("webhooks.delete"), { icon: "trash", isDanger: true, isSeparated: true }),
      ]}
      trigger={(props) => <IconButton icon="more" label={label} {...props} />}
    />
  );
}
