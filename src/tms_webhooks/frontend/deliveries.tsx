/** The log of one webhook: what was sent, and what the receiver answered. */
import { useEffect, useRef, useState } from "preact/hooks";
import { api, errorText } from "tms/api";
import { t } from "tms/i18n";
import { type Pages, usePages } from "tms/module";
import { Button, EmptyState, ErrorState, SkeletonRows, toast } from "tms/ui";
import { DeliveryItem } from "./delivery-item.tsx";
import { type Action, WebhookMenu, WebhookState } from "./webhook-row.tsx";
import {
  DELIVERY_STATUSES,
  type Delivery,
  type DeliveryPage,
  type DeliveryStatus,
  PATH,
  type Webhook,
} from "./webhooks.ts";

// Milliseconds.
const EVERY = 5_000;

interface DeliveriesProps {
  webhook: Webhook;
  onAction: (action: Action, webhook: Webhook) => void;
  onClose: () => void;
}

export function Deliveries({ webhook, onAction, onClose }: DeliveriesProps) {
  const [status, setStatus] = useState<DeliveryStatus | null>(null);
  const found = usePages<DeliveryPage>(
    `${PATH}/${webhook.id}/deliveries`,
    { ...(status && { status }) },
    { every: EVERY },
  );
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const retry = async (id: number) => {
    try {
      await api.post(`${PATH}/${webhook.id}/deliveries/${id}/retry`);
      toast(t("webhooks.delivery.retried"), { tone: "success" });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    }
    await found.reload();
  };
  return (
    <div class="stack">
      <div class="webhooks__deliveries-head">
        <Button variant="quiet" size="small" icon="chevronLeft" onClick={onClose}>
          {t("webhooks.back")}
        </Button>
        <WebhookMenu webhook={webhook} onAction={onAction} />
      </div>
      <h3 class="webhook__url" tabIndex={-1} ref={heading}>
        {t("webhooks.deliveriesTitle", { url: webhook.url })}
      </h3>
      <div class="webhook__text">
        <WebhookState webhook={webhook} />
      </div>
      <fieldset class="row webhooks__statuses">
        <legend class="visually-hidden">{t("webhooks.delivery.status")}</legend>
        {[null, ...DELIVERY_STATUSES].map((one) => (
          <button key={one} type="button" class="chip" aria-pressed={one === status} onClick={() => setStatus(one)}>
            {t(`webhooks.delivery.${one ?? "all"}`)}
          </button>
        ))}
      </fieldset>
      <List found={found} {...(webhook.is_active && { onRetry: (id: number) => void retry(id) })} />
    </div>
  );
}

function List({ found, onRetry }: { found: Pages<Delivery, DeliveryPage>; onRetry?: (id: number) => void }) {
  const { resource, items, hasMore, isLoadingMore, loadMore } = found;
  if (!resource.data)
    return resource.error === null ? (
      <SkeletonRows count={4} />
    ) : (
      <ErrorState error={resource.error} onRetry={() => void resource.reload()} />
    );
  if (!items.length)
    return <EmptyState icon="inbox" title={t("webhooks.delivery.none")} text={t("webhooks.delivery.noneText")} />;
  return (
    <>
      {resource.error !== null && <p role="status">{errorText(resource.error)}</p>}
      <ul class="webhooks__list" aria-label={t("webhooks.deliveries")}>
        {items.map((one) => (
          <DeliveryItem key={one.id} delivery={one} {...(one.status === "dead" && onRetry && { onRetry })} />
        ))}
      </ul>
      {hasMore && (
        <Button isBusy={isLoadingMore} onClick={() => void loadMore()}>
          {t("webhooks.delivery.more")}
        </Button>
      )}
    </>
  );
}
