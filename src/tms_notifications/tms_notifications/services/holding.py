"""Holds mails to unverified addresses, and mails above the hourly limit per user."""

from datetime import datetime, timedelta

from sqlalchemy import Row, case, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.models import LinkPurpose, User
from tms_core.runtime import Runtime
from tms_notifications.models import MailKind, NotificationLinkRequest, NotificationMail, NotificationRecipient
from tms_notifications.settings import NotificationSettings, needs_proof

HOUR = timedelta(hours=1)
UNPROVED = "held until the address is proved"
# These kinds are limited to one per day or hour already.
NOT_COUNTED = (MailKind.DUE_SOON, MailKind.SUMMARY)


class HoldService:
    """Decides whether a mail is held. Never commits."""

    def __init__(self, session: Session, *, needs_proof: bool, most_per_hour: int, proof_url: str | None):
        """`proof_url` is the page that verifies an address; None if no included package has one."""
        self._session = session
        self._needs_proof = needs_proof
        self._max_per_hour = most_per_hour
        self._proof_url = proof_url

    def reason_to_hold(self, mail: NotificationMail, user: User) -> str | None:
        """Return the reason for the mail log if the mail is held now; None otherwise, and then the mail is counted."""
        if not mail.kind.is_about_tasks:
            return None
        if self._needs_proof and not user.email_verified:
            self._hold_until(user.id, func.now())
            self._request_verification(user)
            return UNPROVED
        # Retries are counted with the first attempt.
        if mail.kind in NOT_COUNTED or mail.attempts > 1 or not self._max_per_hour:
            return None
        counted = self._count(user.id)
        if counted.mails <= self._max_per_hour:
            return None
        self._hold_until(user.id, counted.hour_began_at + HOUR)
        return f"held because {self._max_per_hour} mails went out within an hour"

    def _count(self, user_id: int) -> Row[int, datetime | None]:
        """Count this mail. Returns the number of mails in the user's current hour, and when that hour began."""
        table = NotificationRecipient
        is_over = func.coalesce(table.hour_began_at <= func.now() - HOUR, True)
        counted = (
            insert(table)
            .values(user_id=user_id, hour_began_at=func.now(), mails=1)
            .on_conflict_do_update(
                index_elements=["user_id"],
                set_={
                    "hour_began_at": case((is_over, func.now()), else_=table.hour_began_at),
                    "mails": case((is_over, 1), else_=table.mails + 1),
                },
            )
            .returning(table.mails, table.hour_began_at)
        )
        return self._session.execute(counted).one()

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


def create_service(runtime: Runtime, session: Session) -> HoldService:
    return HoldService(
        session,
        needs_proof=needs_proof(runtime),
        most_per_hour=runtime.settings(NotificationSettings).most_per_hour,
        proof_url=runtime.link_url(LinkPurpose.EMAIL_VERIFICATION),
    )
