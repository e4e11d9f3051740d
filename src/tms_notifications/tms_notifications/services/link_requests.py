"""Requests for links made into mails: only here does one look who has the address."""

import logging
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.models import AccountLink, LinkPurpose, User
from tms_core.runtime import Runtime
from tms_core.services.account_links import AccountLinkService
from tms_core.values import instant
from tms_notifications.models import MailKind, NotificationLinkRequest, NotificationRecipient
from tms_notifications.recipients import PendingMail
from tms_notifications.services.mails import MailService
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.settings import needs_proof

DAY = timedelta(days=1)
# To an address that nobody has proved, of each kind: whoever entered it may not read its mails.
MAX_A_DAY_UNPROVED = 5
LIMITED = (LinkPurpose.PASSWORD_RESET, LinkPurpose.EMAIL_VERIFICATION)
log = logging.getLogger(__name__)


class LinkRequestService:
    """Never commits."""

    def __init__(self, session: Session, links: AccountLinkService, mails: MailService, *, needs_proof: bool):
        self._session = session
        self._links = links
        self._mails = mails
        self._needs_proof = needs_proof

    def answer(self, limit: int) -> list[int]:
        """Write the mails of the oldest requests down that nobody else is at; returns the mails' ids."""
        requests = self._session.scalars(
            select(NotificationLinkRequest)
            .order_by(NotificationLinkRequest.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        if not requests:
            return []
        answered = [(request.id, request.purpose, request.email, request.url) for request in requests]
        pending_mails = [pending_mail for request in answered if (pending_mail := self._attempt(*request))]
        ids = [request_id for request_id, *_ in answered]
        self._session.execute(delete(NotificationLinkRequest).where(NotificationLinkRequest.id.in_(ids)))
        return self._mails.add(pending_mails)

    def _attempt(self, request_id: int, purpose: LinkPurpose, email: str, url: str) -> PendingMail | None:
        """The notice of a request; None for one that cannot be answered, which must not stop those behind it."""
        try:
            with self._session.begin_nested():
                return self._pending_mail(purpose, email, url)
        except Exception:
            log.exception("request %d for a link cannot be answered", request_id)
            # Of a broken connection this raises, and the requests stay.
            self._session.connection()
            return None

    def _pending_mail(self, purpose: LinkPurpose, email: str, url: str) -> PendingMail | None:
        link = self._links.create(purpose, email)
        if link is None:
            return None
        if self._is_needless(link):
            self._session.delete(link)
            return None
        if purpose is LinkPurpose.EMAIL_VERIFICATION:
            self._note_proof_sent(link)
        return PendingMail(
            key=f"link:{link.id}",
            user_id=link.user_id,
            kind=MailKind(purpose.value),
            context={
                "link_id": link.id,
                "url": url,
                "at": instant(link.created_at),
                "until": instant(link.expires_at),
            },
        )

    def _is_needless(self, link: AccountLink) -> bool:
        """Whether the address is proved already, or has had enough links that nobody may have wanted."""
        if self._session.get_one(User, link.user_id).email_verified:
            return link.purpose is LinkPurpose.EMAIL_VERIFICATION
        return self._needs_proof and link.purpose in LIMITED and self._has_had_enough(link)

    def _has_had_enough(self, link: AccountLink) -> bool:
        of_the_day = select(func.count()).where(
            AccountLink.user_id == link.user_id,
            AccountLink.purpose == link.purpose,
            AccountLink.created_at > func.now() - DAY,
        )
        return (self._session.scalar(of_the_day) or 0) > MAX_A_DAY_UNPROVED

    def _note_proof_sent(self, link: AccountLink) -> None:
        """So that no other is sent unasked."""
        sent = {"proof_sent_to": link.email}
        statement = insert(NotificationRecipient).values(user_id=link.user_id, **sent)
        self._session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=sent))


def account_links(runtime: Runtime, session: Session) -> AccountLinkService:
    return AccountLinkService(session, runtime.core.jwt_key)


def create_service(runtime: Runtime, session: Session) -> LinkRequestService:
    links = account_links(runtime, session)
    return LinkRequestService(session, links, mail_service(runtime, session), needs_proof=needs_proof(runtime))
