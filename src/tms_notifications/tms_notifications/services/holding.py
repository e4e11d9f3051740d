"""Holds mails to unverified addresses, and mails above the hourly limit per user."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.models import LinkPurpose, User
from tms_core.runtime import Runtime
from tms_notifications.models import MailKind, NotificationLinkRequest, NotificationMail, NotificationRecipient
from tms_notifications.settings import NotificationSettings, needs_proof
from tms_notifications.summary_items import Cause

HOUR = timedelta(hours=1)
UNPROVED = "held until the address is proved"

# Held mails above the limit are not part of the count, so that what is uncounted makes room for others.
COUNT = text("""
    INSERT INTO notification_recipient AS recipient (user_id, hour_began_at, mails)
    SELECT user_id, now(), mails
    FROM unnest(CAST(:users AS bigint[]), CAST(:mails AS integer[])) AS given (user_id, mails)
    ON CONFLICT (user_id) DO UPDATE SET
        mails = greatest(0, excluded.mails
            + CASE WHEN coalesce(recipient.hour_began_at <= now() - interval '1 hour', true) THEN 0
              ELSE least(recipient.mails, :most) END),
        hour_began_at = CASE WHEN coalesce(recipient.hour_began_at <= now() - interval '1 hour', true) THEN now()
            ELSE recipient.hour_began_at END
    RETURNING user_id, mails, hour_began_at
""")


class HoldService:
    """Decides which mails are held. Never commits."""

    def __init__(self, session: Session, *, needs_proof: bool, most_per_hour: int, proof_url: str | None):
        """`proof_url` is the page that verifies an address; None if no included package has one."""
        self._session = session
        self._needs_proof = needs_proof
        self._max_per_hour = most_per_hour
        self._proof_url = proof_url

    def reasons_to_hold(self, mails: Sequence[tuple[NotificationMail, User]]) -> dict[int, str]:
        """Return the reasons for the mail log by the ids of the mails that are held now; the others are counted.

        The mails must be ordered by user, so that concurrent workers lock the users in the same order.
        """
        reasons = {}
        counted = []
        for mail, user in mails:
            if not mail.kind.is_about_tasks:
                continue
            if self._needs_proof and not user.email_verified:
                self._hold_until(user.id, func.now())
                self._request_verification(user)
                reasons[mail.id] = UNPROVED
            elif _is_counted(mail):
                counted.append(mail)
        ids = _ids_by_user(counted)
        for hour in self._count({user_id: len(of_user) for user_id, of_user in ids.items()}):
            if hour.mails > self._max_per_hour:
                excess = ids[hour.user_id][self._max_per_hour - hour.mails :]
                reasons |= dict.fromkeys(excess, f"held because {self._max_per_hour} mails went out within an hour")
                self._hold_until(hour.user_id, hour.hour_began_at + HOUR)
        return reasons

    def uncount(self, mails: Sequence[NotificationMail]) -> None:
        """Take back the counting of mails that were not handed over; they are counted again. Ordered as above."""
        ids = _ids_by_user([mail for mail in mails if _is_counted(mail)])
        self._count({user_id: -len(of_user) for user_id, of_user in ids.items()})

    def _count(self, mails: Mapping[int, int]) -> Sequence[Row[Any]]:
        """Add the number of mails by user. Returns the number in the current hour and its beginning, by user."""
        if not mails or not self._max_per_hour:
            return ()
        parameters = {"users": list(mails), "mails": list(mails.values()), "most": self._max_per_hour}
        return self._session.execute(COUNT, parameters).all()

    def _hold_until(self, user_id: int, until: object) -> None:
        """Store until when mails are held. Locks the user's row, so `SummaryService.release` skips this user."""
        statement = insert(NotificationRecipient).values(user_id=user_id, held_until=until)
        later = func.greatest(NotificationRecipient.held_until, statement.excluded.held_until)
        self._session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_={"held_until": later}))

    def _request_verification(self, user: User) -> None:
        """Request a verification link, once per address, for accounts that were never sent one."""
        recipient = self._session.get_one(NotificationRecipient, user.id, populate_existing=True)
        if self._proof_url is None or recipient.proof_sent_to == user.email:
            return
        recipient.proof_sent_to = user.email
        request = NotificationLinkRequest
        waiting = select(request.id).where(
            request.purpose == LinkPurpose.EMAIL_VERIFICATION, func.lower(request.email) == func.lower(user.email)
        )
        if self._session.scalar(waiting.limit(1)) is None:
            purpose = LinkPurpose.EMAIL_VERIFICATION
            self._session.add(request(purpose=purpose, email=user.email, url=self._proof_url))


def _ids_by_user(mails: Sequence[NotificationMail]) -> dict[int, list[int]]:
    ids: dict[int, list[int]] = defaultdict(list)
    for mail in mails:
        ids[mail.user_id].append(mail.id)
    return ids


def _is_counted(mail: NotificationMail) -> bool:
    """Whether this attempt counts for the hourly limit. Daily mails, digests and summaries are limited already, and
    retries were counted with the first attempt."""
    if not mail.kind.is_about_tasks or mail.attempts != 1:
        return False
    if mail.kind is MailKind.SUMMARY:
        return mail.context.get("cause") == Cause.BULK
    return mail.kind is not MailKind.DUE_SOON


def create_service(runtime: Runtime, session: Session) -> HoldService:
    return HoldService(
        session,
        needs_proof=needs_proof(runtime),
        most_per_hour=runtime.settings(NotificationSettings).most_per_hour,
        proof_url=runtime.link_url(LinkPurpose.EMAIL_VERIFICATION),
    )
