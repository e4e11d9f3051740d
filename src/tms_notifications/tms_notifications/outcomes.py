"""What has become of a notification, from its row and its mail."""

from dataclasses import dataclass
from enum import StrEnum

from tms_notifications.models import Handling, MailStatus, Notification, NotificationMail
from tms_notifications.reasons import SENTENCES, Reason
from tms_notifications.services.holding import UNPROVED
from tms_notifications.services.mutes import MUTED
from tms_notifications.services.summaries import NOT_OPEN
from tms_notifications.services.unwanted_parts import INVISIBLE, OWN_CHANGE


class OutcomeKind(StrEnum):
    SENT = "sent"
    WAITING = "waiting"
    COALESCED = "coalesced"
    DIGEST = "digest"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason` is a code, `detail` an English sentence with the words of the mail log."""

    kind: OutcomeKind
    reason: Reason
    detail: str


def outcome_of(notification: Notification, mail: NotificationMail | None) -> Outcome:
    """Return the outcome of a notification with its mail, as the mail is now."""
    if notification.handling is Handling.SUPPRESSED:
        return _outcome(OutcomeKind.SUPPRESSED, Reason(notification.reason or Reason.DROPPED))
    if mail is None:
        return _without_mail(notification)
    match mail.status:
        case MailStatus.FAILED:
            return _outcome(OutcomeKind.FAILED, Reason.NOT_DELIVERED, mail.reason)
        case MailStatus.DROPPED:
            reason = _reason_of_dropped(mail.reason or "")
            return _outcome(OutcomeKind.SUPPRESSED, reason, None if reason in SELF_EXPLANATORY else mail.reason)
        case MailStatus.HELD if mail.reason == UNPROVED:
            return _outcome(OutcomeKind.WAITING, Reason.ADDRESS_UNPROVED)
        case MailStatus.HELD:
            return _outcome(OutcomeKind.DIGEST, Reason.HOURLY_LIMIT)
        case MailStatus.COALESCED:
            # Of mails that were held, before their notifications were moved to the summary.
            return _outcome(OutcomeKind.DIGEST, Reason.HOURLY_LIMIT, mail.reason)
    return _by_handling(notification, mail)


def _without_mail(notification: Notification) -> Outcome:
    if notification.handling is Handling.DIGEST:
        return _outcome(OutcomeKind.DIGEST, Reason(notification.reason or Reason.PREFERENCE_DIGEST))
    if notification.due_at is not None:
        return _outcome(OutcomeKind.WAITING, Reason.COALESCING)
    # The mail has been deleted after its time.
    kind = OutcomeKind.COALESCED if notification.handling is Handling.COALESCED else OutcomeKind.SENT
    return _outcome(kind, Reason.INCLUDED if kind is OutcomeKind.COALESCED else Reason.SENT)


def _by_handling(notification: Notification, mail: NotificationMail) -> Outcome:
    """Return the outcome where the mail waits or was sent."""
    match notification.handling:
        case Handling.COALESCED:
            return _outcome(OutcomeKind.COALESCED, Reason(notification.reason or Reason.INCLUDED))
        case Handling.DIGEST:
            return _outcome(OutcomeKind.DIGEST, Reason(notification.reason or Reason.PREFERENCE_DIGEST))
        case _ if mail.status is MailStatus.SENT:
            return _outcome(OutcomeKind.SENT, Reason.SENT, mail.answer)
        case _ if mail.attempts:
            return _outcome(OutcomeKind.WAITING, Reason.RETRYING, mail.reason)
    return _outcome(OutcomeKind.WAITING, Reason.QUEUED)


def _reason_of_dropped(reason: str) -> Reason:
    if reason.startswith("the user turned"):
        return Reason.PREFERENCE_OFF
    return REASONS_OF_DROPPED.get(reason, Reason.DROPPED)


# The words of the mail log would repeat their sentences.
SELF_EXPLANATORY = frozenset({Reason.OWN_CHANGE, Reason.MUTED, Reason.NOT_VISIBLE})
# The words of the mail log.
REASONS_OF_DROPPED = {
    OWN_CHANGE: Reason.OWN_CHANGE,
    "the account was deleted": Reason.DEACTIVATED,
    "the account is not active": Reason.DEACTIVATED,
    INVISIBLE: Reason.NOT_VISIBLE,
    MUTED: Reason.MUTED,
    NOT_OPEN: Reason.NOT_OPEN,
}


def _outcome(kind: OutcomeKind, reason: Reason, words: str | None = None) -> Outcome:
    return Outcome(kind, reason, f"{SENTENCES[reason]} ({words})" if words else SENTENCES[reason])
