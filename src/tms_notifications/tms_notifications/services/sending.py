"""Prepares mails: decides which are still to be sent, and composes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tms_core.models import User
from tms_core.runtime import Runtime
from tms_notifications.composing import Composer, Recipient, address_of
from tms_notifications.errors import CompositionError, RefusedError
from tms_notifications.hostnames import AddressError
from tms_notifications.messages import OutgoingMail
from tms_notifications.models import Delivery, MailStatus, NotificationMail
from tms_notifications.models import NotificationPreference as Preference
from tms_notifications.presenting import user_ids
from tms_notifications.services.attempts import Attempt, AttemptService
from tms_notifications.services.attempts import create_service as attempt_service
from tms_notifications.services.holding import HoldService
from tms_notifications.services.holding import create_service as hold_service
from tms_notifications.services.link_requests import account_links
from tms_notifications.services.mutes import MUTED, MuteService
from tms_notifications.services.preferences import PreferenceService
from tms_notifications.services.routing import Preferences, Subscriber
from tms_notifications.services.unwanted_parts import (
    DUE_LISTS,
    INVISIBLE,
    OWN_CHANGE,
    Contents,
    leave_out,
    wanted_contents,
)
from tms_notifications.services.visibility import CHECKED, TaskVisibility
from tms_notifications.settings import NotificationSettings, needs_proof
from tms_notifications.zones import zone_of

HIDDEN = "(hidden)"
UNPROVED_NOTICE = "the address is not proved"


@dataclass(frozen=True, slots=True)
class PreparedMail:
    """A mail to hand over. `name` sorts by time and is the same for every attempt."""

    attempt: Attempt
    name: str
    address: str | None
    outgoing: OutgoingMail


class Preparation(NamedTuple):
    """Mails to hand over, and the errors of those that cannot be composed."""

    mails: list[PreparedMail]
    errors: list[tuple[Attempt, Exception]]


class Related(NamedTuple):
    """What mails refer to: usernames by id, and muted tasks by user."""

    names: Mapping[int, str]
    muted: Mapping[int, frozenset[int]]


class SendingService:
    """Prepares mails for delivery. Never commits."""

    def __init__(self, session: Session, runtime: Runtime, attempts: AttemptService, holds: HoldService):
        self._session = session
        self._runtime = runtime
        self._attempts = attempts
        self._holds = holds
        self._composer = Composer(runtime)
        self._needs_proof = needs_proof(runtime)
        self._language = runtime.settings(NotificationSettings).language
        self._links = account_links(runtime, session)

    def prepare(self, attempts: Sequence[Attempt]) -> Preparation:
        """Compose the mails, and record those that are dropped or held. Attempts that are over are left out.

        Raises only errors of the database, which concern all mails. The errors of a mail are `CompositionError`, and
        `RefusedError` for an invalid address.
        """
        mails = self._attempts.lock(attempts)
        related = self._related(mails)
        wanted = self._not_dropped(mails, related)
        reasons = self._holds.reasons_to_hold([(mail, user) for mail, user, _ in wanted])
        by_id = {attempt.mail_id: attempt for attempt in attempts}
        composed: list[PreparedMail] = []
        errors: list[tuple[Attempt, Exception]] = []
        for mail, user, preference in wanted:
            if reason := reasons.get(mail.id):
                self._attempts.note_held(mail, reason)
                continue
            try:
                outgoing = self._composed(mail, user, preference, related)
            except (RefusedError, CompositionError) as error:
                errors.append((by_id[mail.id], error))
            else:
                composed.append(PreparedMail(by_id[mail.id], file_name(mail), address_of(mail, user), outgoing))
        return Preparation(sorted(composed, key=lambda one: one.attempt.mail_id), errors)

    def _not_dropped(
        self, mails: Sequence[NotificationMail], related: Related
    ) -> list[tuple[NotificationMail, User, Preference]]:
        """Record the mails that are dropped, and return the others with their users and preferences."""
        user_ids = {mail.user_id for mail in mails}
        users = {user.id: user for user in self._session.scalars(select(User).where(User.id.in_(user_ids)))}
        preferences = PreferenceService(self._session).of_users(user_ids)
        wanted = []
        for mail in mails:
            user, preference = users[mail.user_id], preferences[mail.user_id]
            reason = self._reason_to_drop(mail, user, preference, related)
            if not reason and mail.kind.lists_tasks:
                reason = self._leave_out(mail, user, preference, related)
            if reason:
                self._attempts.note_dropped(mail, reason)
            else:
                wanted.append((mail, user, preference))
        return wanted

    def take_back(self, attempts: Sequence[Attempt]) -> None:
        """Undo `prepare` for mails that are not handed over: they are due again at once, and are counted again."""
        self._holds.uncount(self._attempts.lock(attempts))
        self._attempts.take_back(attempts)

    def compose(
        self, mail: NotificationMail, user: User, preference: Preference, *, token: str = HIDDEN
    ) -> OutgoingMail:
        """Return the message as it would be sent now. Raises `AddressError`, and whatever a template raises.

        `token` is inserted into the mail's link. By default the token is hidden, because it is for the recipient only.
        """
        related = self._related([mail])
        is_to_send = mail.status in (MailStatus.WAITING, MailStatus.HELD)
        context = None
        if is_to_send and mail.kind.lists_tasks:
            context = self._contents(mail, user, preference, related).context
        return self._composed_with(mail, user, preference, related, token, context)

    def _composed_with(
        self,
        mail: NotificationMail,
        user: User,
        preference: Preference,
        related: Related,
        token: str,
        context: Mapping[str, Any] | None = None,
    ) -> OutgoingMail:
        zone = zone_of(preference.timezone, self._runtime.core.zone)
        recipient = Recipient.of(user, mail, zone, preference.language or self._language)
        return self._composer.compose(mail, recipient, related.names, token, context)

    def _composed(self, mail: NotificationMail, user: User, preference: Preference, related: Related) -> OutgoingMail:
        try:
            return self._composed_with(mail, user, preference, related, self._token(mail) or "")
        except DBAPIError:
            # The transaction is broken.
            raise
        except AddressError as error:
            raise RefusedError(f"{address_of(mail, user)} {error}") from error
        except Exception as error:
            # Custom templates may raise anything.
            raise CompositionError(f"cannot be composed: {type(error).__name__}: {error}") from error

    def _reason_to_drop(
        self, mail: NotificationMail, user: User, preference: Preference, related: Related
    ) -> str | None:
        if reason := reason_not_to_mail(mail, user, preference):
            return reason
        # Not held: by the time of the proof, the profile tells the user all of it.
        if mail.kind.is_notice and self._needs_proof and not user.email_verified:
            return UNPROVED_NOTICE
        if "link_id" in mail.context and self._token(mail) is None:
            return "its link was used, has expired, or the address was changed"
        if mail.task_id in related.muted.get(user.id, ()):
            return MUTED
        item = {"kind": mail.kind, "task": mail.context.get("task")}
        if mail.kind in CHECKED and not self._visibility(user).visible([item]):
            return INVISIBLE
        return None

    def _leave_out(self, mail: NotificationMail, user: User, preference: Preference, related: Related) -> str | None:
        """Leave unwanted parts out of the mail. Returns the reason to drop it if nothing is left."""
        contents = self._contents(mail, user, preference, related)
        if contents.left_out:
            leave_out(self._session, mail, contents)
        return contents.reason_to_drop

    def _contents(self, mail: NotificationMail, user: User, preference: Preference, related: Related) -> Contents:
        preferences = Preferences(*(getattr(preference, name) for name in Preferences._fields))
        muted = related.muted.get(user.id, frozenset())
        subscriber = Subscriber(user.id, user.is_active, preferences, muted)
        return wanted_contents(mail, subscriber, self._visibility(user))

    def _visibility(self, user: User) -> TaskVisibility:
        return TaskVisibility(self._session, self._runtime.core.visibility, user)

    def _token(self, mail: NotificationMail) -> str | None:
        """Return the token of the mail's link; None if the mail has no link, or if the link is not valid any more."""
        return self._links.token(mail.context["link_id"]) if "link_id" in mail.context else None

    def _related(self, mails: Sequence[NotificationMail]) -> Related:
        muted = MuteService(self._session).of_users({mail.user_id for mail in mails}, set(_task_ids(mails)))
        return Related(self._names(mail.context for mail in mails), muted)

    def _names(self, contexts: Iterable[Mapping[str, Any]]) -> dict[int, str]:
        wanted = set().union(*map(user_ids, contexts))
        if not wanted:
            return {}
        users = self._session.execute(select(User.id, User.username).where(User.id.in_(wanted)))
        return {user.id: user.username for user in users}


def _task_ids(mails: Iterable[NotificationMail]) -> Iterator[int]:
    for mail in mails:
        if mail.task_id is not None:
            yield mail.task_id
        yield from (item["task"]["id"] for item in mail.context.get("items", ()) if "task" in item)
        yield from (task["id"] for name in DUE_LISTS for task in mail.context.get(name, ()))


def reason_not_to_mail(mail: NotificationMail, user: User, preference: Preference) -> str | None:
    """Return the reason for the mail log if the user is not sent this mail; None otherwise."""
    if user.deleted_at is not None:
        return "the account was deleted"
    if not user.is_active:
        return "the account is not active"
    if not address_of(mail, user):
        return "the account has no address"
    if mail.kind.preference and getattr(preference, mail.kind.preference) is Delivery.OFF:
        return f"the user turned {mail.kind.preference} off"
    # A mail with the net change of several users has all of them.
    if not preference.own_changes and mail.context.get("actor_ids", [mail.context.get("actor_id")]) == [user.id]:
        return OWN_CHANGE
    return None


def file_name(mail: NotificationMail) -> str:
    """Return a file name that sorts by time and is the same for every attempt."""
    return f"{mail.created_at:%Y%m%dT%H%M%S.%f}-{mail.id:08d}"


def create_service(runtime: Runtime, session: Session) -> SendingService:
    return SendingService(session, runtime, attempt_service(runtime, session), hold_service(runtime, session))
