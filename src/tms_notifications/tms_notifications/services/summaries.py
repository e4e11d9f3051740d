"""Releases held mails as one summary mail per user."""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Update, cast, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from tms_core.models import User
from tms_core.runtime import Runtime
from tms_notifications.models import (
    Delivery,
    MailKind,
    MailStatus,
    NotificationMail,
    NotificationMute,
    NotificationPreference,
    NotificationRecipient,
)
from tms_notifications.recipients import PendingMail
from tms_notifications.services.due_soon import today_in
from tms_notifications.services.held_contents import held_by, held_contents
from tms_notifications.services.holding import UNPROVED
from tms_notifications.services.mails import MailService
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.services.mutes import MUTED
from tms_notifications.services.preferences import PreferenceService
from tms_notifications.services.unwanted_parts import OWN_CHANGE
from tms_notifications.settings import needs_proof
from tms_notifications.zones import zone_of

RETRY_AFTER = timedelta(hours=1)
# The ledger follows the summary, so that it knows what becomes of it.
MOVE = text("""
    UPDATE notification SET mail_id = :summary,
        handling = CASE WHEN mail.reason <> :unproved OR notification.handling = 'digest'
            THEN 'digest' ELSE 'coalesced' END::notification_handling,
        reason = CASE WHEN mail.reason <> :unproved THEN 'hourly_limit'
            WHEN notification.handling = 'digest' THEN notification.reason
            ELSE coalesce(notification.reason, 'included') END
    FROM notification_mail AS mail
    WHERE mail.user_id = :user_id AND mail.status = 'held' AND notification.mail_id = mail.id
        AND notification.handling <> 'suppressed'
""")
# The reason in the mail log.
NOT_OPEN = "its tasks are not open any more"
log = logging.getLogger(__name__)


class SummaryService:
    """Releases held mails. Never commits."""

    def __init__(self, session: Session, mails: MailService, *, needs_proof: bool, zone: ZoneInfo):
        """`zone` is that of users who have chosen none."""
        self._session = session
        self._zone = zone
        self._mails = mails
        self._needs_proof = needs_proof

    def release(self, limit: int) -> None:
        """Release the held mails of at most `limit` users whose hold has ended.

        `MailService.claim_due` returns the released mails, which are then enqueued.
        """
        recipient = NotificationRecipient
        statement = select(recipient).join(User, User.id == recipient.user_id).where(recipient.held_until <= func.now())
        if self._needs_proof:
            statement = statement.where(or_(User.email_verified_at.is_not(None), User.deleted_at.is_not(None)))
        statement = statement.order_by(recipient.held_until).limit(limit)
        for row in self._session.scalars(statement.with_for_update(of=recipient, skip_locked=True)).all():
            self._attempt(row)

    def _attempt(self, recipient: NotificationRecipient) -> None:
        """Release the mails of one user. An error is logged and retried in an hour; other users are not affected."""
        user_id = recipient.user_id
        try:
            with self._session.begin_nested():
                recipient.held_until = None
                self._release(user_id)
        except Exception:
            log.exception("the held mails of user %d cannot be summarised", user_id)
            recipient.held_until = func.now() + RETRY_AFTER

    def _release(self, user_id: int) -> None:
        preference = PreferenceService(self._session).get(user_id)
        self._drop_unwanted(preference)
        ids = self._session.scalars(select(NotificationMail.id).where(*held_by(user_id)).limit(2)).all()
        if len(ids) == 1:
            self._send_itself(ids[0])
        elif ids:
            self._summarise(user_id, today_in(zone_of(preference.timezone, self._zone)))

    def _send_itself(self, mail_id: int) -> None:
        # The mail counts as created now, for its Date field and for the limit on retries.
        times = dict.fromkeys(("created_at", "next_attempt_at", "queued_until"), func.now())
        released = _change([NotificationMail.id == mail_id])
        self._session.execute(released.values(status=MailStatus.WAITING, reason=None, **times))

    def _summarise(self, user_id: int, today: date) -> None:
        context = held_contents(self._session, user_id, today)
        if context is None:
            self._drop(held_by(user_id), NOT_OPEN)
            return
        last = self._session.scalar(select(func.max(NotificationMail.id)).where(*held_by(user_id)))
        pending_mail = PendingMail(f"summary:{user_id}:{last}", user_id, MailKind.SUMMARY, context)
        (mail_id,) = self._mails.add([pending_mail], queued=False)
        self._session.execute(MOVE, {"user_id": user_id, "summary": mail_id, "unproved": UNPROVED})
        coalesced = {"status": MailStatus.COALESCED, "reason": f"included in mail {mail_id}"}
        self._session.execute(_change(held_by(user_id)).values(coalesced))

    def _drop_unwanted(self, preference: NotificationPreference) -> None:
        user_id = preference.user_id
        for kind in MailKind:
            if kind.preference and getattr(preference, kind.preference) is Delivery.OFF:
                reason = f"the user turned {kind.preference} off"
                self._drop(held_by(user_id, NotificationMail.kind == kind), reason)
        if not preference.own_changes:
            context = NotificationMail.context
            # A mail with the net change of several events has all actors.
            actors = func.coalesce(context["actor_ids"], func.jsonb_build_array(context["actor_id"]))
            self._drop(held_by(user_id, actors == cast([user_id], JSONB)), OWN_CHANGE)
        muted = select(NotificationMute.task_id).where(NotificationMute.user_id == user_id)
        self._drop(held_by(user_id, NotificationMail.task_id.in_(muted)), MUTED)

    def _drop(self, which: Sequence[ColumnElement[bool]], reason: str) -> None:
        self._session.execute(_change(which).values(status=MailStatus.DROPPED, reason=reason))


def _change(which: Sequence[ColumnElement[bool]]) -> Update:
    return update(NotificationMail).where(*which).execution_options(synchronize_session=False)


def create_service(runtime: Runtime, session: Session) -> SummaryService:
    mails = mail_service(runtime, session)
    return SummaryService(session, mails, needs_proof=needs_proof(runtime), zone=runtime.core.zone)
