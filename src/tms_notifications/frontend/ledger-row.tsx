/** An event, whether a mail about it was sent, and why or why not. */
import type { LedgerNotification } from "tms/api";
import { formatDateTime, t } from "tms/i18n";
import { Link } from "tms/module";
import { Button, Icon, RelativeTime } from "tms/ui";
import { EventText } from "./event-text.tsx";
import { isMuted, setMuted } from "./mutes.ts";
import { ICONS, outcomeText, remedyOf } from "./outcomes.ts";

export interface LedgerRowProps {
  row: LedgerNotification;
  /** Whether it is the signed-in user's own. */
  isOwn: boolean;
  /** The path of the task; without it, no title is shown: the list is that of one task. */
  hrefOf?: (taskId: number) => string;
  /** Sends a failed mail again. */
  onRetry?: (mailId: number) => void;
}

export function LedgerRow({ row, isOwn, hrefOf, onRetry }: LedgerRowProps) {
  const { task, kind, outcome, reason, mail } = row;
  return (
    <li class="ledger" data-outcome={outcome}>
      <div class="ledger__event">
        {hrefOf && (
          <p class="notification__title">
            {kind === "deleted" ? (
              <bdi>{task.title}</bdi>
            ) : (
              <Link href={hrefOf(task.id)}>
                <bdi>{task.title}</bdi>
              </Link>
            )}
          </p>
        )}
        <EventText notification={row} />
        <p class="notification__more muted">
          <RelativeTime at={row.created_at} />
        </p>
      </div>
      <div class="ledger__outcome">
        <p>
          <strong class="ledger__state">
            <Icon name={ICONS[outcome]} />
            {outcomeText(row)}
          </strong>
        </p>
        <p>{t(`notifications.reason.${reason}`)}</p>
        {mail && <MailText mail={mail} />}
        {isOwn && <Remedy row={row} />}
        {onRetry && mail?.status === "failed" && (
          <Button size="small" icon="refresh" onClick={() => onRetry(mail.id)}>
            {t("notifications.log.retry")}
          </Button>
        )}
      </div>
    </li>
  );
}

/** The mail itself: its subject, when and where it went, and the mail server's words where it was not accepted. */
function MailText({ mail }: { mail: NonNullable<LedgerNotification["mail"]> }) {
  const isSent = mail.status === "sent";
  return (
    <>
      {mail.subject && (
        <p class="muted">
          <bdi>{mail.subject}</bdi>
        </p>
      )}
      {isSent && mail.sent_at && (
        <p class="muted">
          {t("notifications.mailSent", { time: formatDateTime(mail.sent_at), address: mail.address ?? "–" })}
        </p>
      )}
      {!isSent && mail.status !== "held" && mail.answer && <p class="ledger__answer">{mail.answer}</p>}
    </>
  );
}

/** What changes this for the next time. */
function Remedy({ row: { task, reason } }: { row: LedgerNotification }) {
  const remedy = remedyOf(reason);
  if (remedy)
    return (
      <p>
        <Link href={remedy.path}>{t(remedy.key)}</Link>
      </p>
    );
  if (reason !== "muted" || isMuted(task.id) === false) return null;
  return (
    <Button size="small" icon="bell" onClick={() => void setMuted(task.id, false)}>
      {t("notifications.unmute")}
    </Button>
  );
}
