"""Mails that are held back: to addresses that nobody has proved, and above a number in an hour."""

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
# Each of these is at most one a day or an hour by itself.
NOT_COUNTED = (MailKind.DUE_SOON, MailKind.SUMMARY)


class HoldService:
    """Never commits."""

    def __init__(self, session: Session, *, needs_proof: bool, most_per_hour: int, proof_url: str | None):
        """`proof_url` is where a link that proves an address leads; None where no package has such a page."""
        self._session = session
        self._needs_proof = needs_proof
        self._most = most_per_hour
        self._proof_url = proof_url

    def reason_to_hold(self, mail: NotificationMail, user: User) -> str | None:
        """Why the mail does not go out now, in words for the ledger; None where it does, and then it is counted."""
        if not mail.kind.is_about_tasks:
            return None
        if self._needs_proof and not user.email_verified:
            self._hold_until(user.id, func.now())
            self._ask_for_proof(user)
            return UNPROVED
        # A second attempt was counted with the first.
        if mail.kind in NOT_COUNTED or mail.attempts > 1 or not self._most:
            return None
        counted = self._count(user.id)
        if counted.mails <= self._most:
            return None
        self._hold_until(user.id, counted.hour_began_at + HOUR)
        return f"held because {self._most} mails went out within an hour"

    def _count(self, user_id: int) -> Row[int, datetime | None]:
        """How many mails the user has got in its present hour, with this one, and when that began."""
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
        """Locks the user's row, for which whoever sends what was held waits."""
        statement = insert(NotificationRecipient).values(user_id=user_id, held_until=until)
        later = func.greatest(NotificationRecipient.held_until, statement.excluded.held_until)
        self._session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_={"held_until": later}))

    def _ask_for_proof(self, user: User) -> None:
        """Have a link sent, once an address, to one whose address is older than the rule, or was never asked for."""
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
