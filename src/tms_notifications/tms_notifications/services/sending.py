"""Sending one mail: whether it is still to be sent, the message, the server's answer, and the note of it."""

import logging
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.models import Task, User
from tms_core.permissions import Actor, Visibility, may_see
from tms_core.runtime import Runtime
from tms_notifications.composing import Composer, Recipient
from tms_notifications.errors import DeferredError, RefusedError
from tms_notifications.mailer import Transport, create_transport
from tms_notifications.models import Delivery, MailKind, MailStatus, NotificationMail, NotificationPreference
from tms_notifications.presenting import user_ids
from tms_notifications.services.link_requests import account_links
from tms_notifications.services.mails import MailService
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.services.preferences import PreferenceService
from tms_notifications.settings import NotificationSettings

log = logging.getLogger(__name__)
HIDDEN = "(hidden)"


class SendingService:
    """Never commits: the caller's commit is what notes that a mail is out, so it follows at once."""

    def __init__(self, session: Session, runtime: Runtime, mails: MailService, transport: Transport):
        self._session = session
        self._runtime = runtime
        self._mails = mails
        self._transport = transport
        self._composer = Composer(runtime)
        self._links = account_links(runtime, session)
        self._give_up_after = timedelta(days=runtime.settings(NotificationSettings).give_up_days)

    def send(self, mail_id: int) -> MailStatus | None:
        """Send the mail unless it was sent, is not due, or is being sent by another; returns what it is now.

        Its row stays locked until the caller commits. Raises nothing that is the mail's or the server's fault.
        """
        mail = self._mails.take(mail_id)
        if mail is None:
            return None
        user = self._session.get_one(User, mail.user_id)
        preference = PreferenceService(self._session).get(mail.user_id)
        if reason := self._reason_to_drop(mail, user, preference):
            return self._mails.note_dropped(mail, reason)
        return self._send_to(mail, user, preference)

    def compose(
        self, mail: NotificationMail, user: User, preference: NotificationPreference, *, token: str = HIDDEN
    ) -> EmailMessage:
        """The message as it goes out now; raises what a deployer's template or an impossible address raises.

        The token of its link, if it has one, is for its recipient only: who just looks does not see it.
        """
        zone = ZoneInfo(preference.timezone) if preference.timezone else self._runtime.core.zone
        return self._composer.compose(
            mail, Recipient.of(user, zone, address_of(mail, user)), self._names(mail.context), token
        )

    def _send_to(self, mail: NotificationMail, user: User, preference: NotificationPreference) -> MailStatus:
        try:
            message = self.compose(mail, user, preference, token=self._token(mail) or "")
        except Exception as error:
            # A deployer's template may raise anything, and the mails behind it go on.
            log.exception("mail %d cannot be composed", mail.id)
            return self._mails.note_failed(mail, f"cannot be composed: {type(error).__name__}: {error}")
        mail.subject, mail.address = str(message["Subject"]), address_of(mail, user)
        try:
            self._transport.send(message, file_name(mail))
        except DeferredError as error:
            log.warning("mail %d to user %d is put off: %s", mail.id, mail.user_id, error)
            return self._mails.note_deferred(mail, str(error), self._give_up_after)
        except RefusedError as error:
            log.warning("mail %d to user %d is refused: %s", mail.id, mail.user_id, error)
            return self._mails.note_failed(mail, str(error))
        return self._mails.note_sent(mail)

    def _reason_to_drop(self, mail: NotificationMail, user: User, preference: NotificationPreference) -> str | None:
        if reason := reason_not_to_mail(mail, user, preference):
            return reason
        if "link_id" in mail.context and self._token(mail) is None:
            return "its link was used, has expired, or the address was changed"
        if not self._may_still_see(mail, user, self._runtime.core.visibility):
            return "the task may no longer be seen"
        return None

    def _may_still_see(self, mail: NotificationMail, user: User, visibility: Visibility) -> bool:
        """Whether what the mail tells is for the user's eyes at this moment too; it may have waited for days."""
        if visibility == "team" or mail.kind not in (MailKind.ASSIGNED, MailKind.UPDATED):
            return True
        task = mail.context["task"]
        now = self._session.execute(
            select(Task.created_by, Task.assigned_to).where(Task.id == mail.task_id)
        ).one_or_none()
        created_by, assigned_to = now or (task["created_by"], task["assigned_to"])
        return may_see(Actor(user.id, user.is_admin), visibility, created_by=created_by, assigned_to=assigned_to)

    def _token(self, mail: NotificationMail) -> str | None:
        """The token of the mail's link, while that is of use."""
        return self._links.token(mail.context["link_id"]) if "link_id" in mail.context else None

    def _names(self, context: dict[str, Any]) -> dict[int, str]:
        wanted = user_ids(context)
        if not wanted:
            return {}
        users = self._session.execute(select(User.id, User.username).where(User.id.in_(wanted)))
        return {user.id: user.username for user in users}


def reason_not_to_mail(mail: NotificationMail, user: User, preference: NotificationPreference) -> str | None:
    """Why the user does not get this mail, in words for the ledger; None where it does."""
    if user.deleted_at is not None:
        return "the account was deleted"
    if not user.is_active:
        return "the account is not active"
    if not address_of(mail, user):
        return "the account has no address"
    if mail.kind.preference and getattr(preference, mail.kind.preference) is Delivery.OFF:
        return f"the user turned {mail.kind.preference} off"
    if not preference.own_changes and mail.context.get("actor_id") == user.id:
        return "the user's own change"
    return None


def address_of(mail: NotificationMail, user: User) -> str | None:
    """The account's address, or the one that it had, where that is who is to be told."""
    return mail.context.get("to") or user.email


def file_name(mail: NotificationMail) -> str:
    """Sorts by time; the same for each attempt."""
    return f"{mail.created_at:%Y%m%dT%H%M%S.%f}-{mail.id:08d}"


def create_service(runtime: Runtime, session: Session) -> SendingService:
    return SendingService(session, runtime, mail_service(runtime, session), create_transport(runtime))
