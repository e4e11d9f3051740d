import type { Mail } from "tms/api";
import { hasMessage, t } from "tms/i18n";
import { Link } from "tms/module";
import { Button, Checkbox, RelativeTime } from "tms/ui";

export interface MailItemProps {
  mail: Mail;
  isSelected: boolean;
  /** Missing where there is nothing to send again. */
  onToggle?: (id: number, isSelected: boolean) => void;
  onRetry?: (id: number) => void;
}

export function MailItem({ mail, isSelected, onToggle, onRetry }: MailItemProps) {
  const kind = hasMessage(`notifications.log.kind.${mail.kind}`) ? t(`notifications.log.kind.${mail.kind}`) : mail.kind;
  const title = mail.subject ?? kind;
  return (
    <li class="mail">
      {onToggle && (
        <Checkbox
          label={t("notifications.log.select", { title, name: mail.recipient.username })}
          checked={isSelected}
          onToggle={(checked) => onToggle(mail.id, checked)}
          isLabelHidden
        />
      )}
      <div class="mail__text">
        <p>
          {mail.task_id === null ? (
            <strong>{title}</strong>
          ) : (
            <Link href={`/tasks/${mail.task_id}`}>
              <strong>{title}</strong>
            </Link>
          )}
        </p>
        <p class="muted">
          {t("notifications.log.to", { name: mail.recipient.username, email: mail.recipient.email ?? "–" })}
          {mail.subject && ` · ${kind}`}
          {" · "}
          <Link href={`/administration/mails?user=${mail.recipient.id}`}>
            {t("notifications.log.showUser", { name: mail.recipient.username })}
          </Link>
        </p>
        {mail.error && <p class="mail__error">{mail.error}</p>}
      </div>
      <div class="mail__times muted">
        <Times mail={mail} />
      </div>
      {onRetry && (
        <Button size="small" icon="refresh" onClick={() => onRetry(mail.id)}>
          {t("notifications.log.retry")}
        </Button>
      )}
    </li>
  );
}

function Times({ mail }: { mail: Mail }) {
  return (
    <>
      <p>
        {mail.sent_at ? (
          <>
            {t("notifications.log.sentAt")} <RelativeTime at={mail.sent_at} />
          </>
        ) : (
          <RelativeTime at={mail.created_at} />
        )}
      </p>
      {mail.attempts > 0 && <p>{t("notifications.log.attempts", { count: mail.attempts })}</p>}
      {mail.next_attempt_at && (
        <p>
          {t("notifications.log.next")} <RelativeTime at={mail.next_attempt_at} />
        </p>
      )}
    </>
  );
}
