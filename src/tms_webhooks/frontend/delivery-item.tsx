import { hasMessage, t } from "tms/i18n";
import { Link } from "tms/module";
import { Button, Icon, type IconName, RelativeTime } from "tms/ui";
import type { Delivery, DeliveryStatus } from "./webhooks.ts";

const ICONS: Record<DeliveryStatus, IconName> = { waiting: "clock", delivered: "check", dead: "alert", dropped: "x" };
const TONES: Record<DeliveryStatus, string> = { waiting: "off", delivered: "good", dead: "warning", dropped: "off" };

export function DeliveryItem({ delivery, onRetry }: { delivery: Delivery; onRetry?: (id: number) => void }) {
  const { id, type, event_id, task_id, status, attempts } = delivery;
  const key = `webhooks.type.${type}`;
  const title = hasMessage(key) ? t(key) : type;
  return (
    <li class="webhook">
      <div class="webhook__text">
        <span>
          {task_id === null ? (
            <strong>{title}</strong>
          ) : (
            <Link href={`/tasks/${task_id}`}>
              <strong>
                {title} #{task_id}
              </strong>
            </Link>
          )}
          {event_id !== null && <span class="muted"> · {t("webhooks.delivery.event", { id: String(event_id) })}</span>}
        </span>
        <span class={`webhook__state webhook__state--${TONES[status]}`}>
          <Icon name={ICONS[status]} />
          {t(`webhooks.delivery.${status}`)}
        </span>
        <span class="muted">
          <RelativeTime at={delivery.attempted_at ?? delivery.created_at} />
          {attempts > 0 && ` · ${t("webhooks.delivery.attempts", { count: attempts })} · ${answerOf(delivery)}`}
          {delivery.next_attempt_at && attempts > 0 && (
            <>
              {" · "}
              {t("webhooks.delivery.next")} <RelativeTime at={delivery.next_attempt_at} />
            </>
          )}
        </span>
        {delivery.error && <span class="webhook__error">{delivery.error}</span>}
        {delivery.response_excerpt && status !== "delivered" && (
          <code class="webhook__excerpt">{delivery.response_excerpt.slice(0, 300)}</code>
        )}
      </div>
      {onRetry && (
        <div class="webhook__actions">
          <Button size="small" icon="refresh" onClick={() => onRetry(id)}>
            {t("webhooks.delivery.retry")}
          </Button>
        </div>
      )}
    </li>
  );
}

function answerOf({ response_status, duration_ms }: Delivery): string {
  const duration = duration_ms ?? 0;
  return response_status === null
    ? t("webhooks.delivery.noAnswer", { duration })
    : t("webhooks.delivery.answer", { status: response_status, duration });
}
