"""Turns link requests into mails. Only this worker-side service looks up which account has the address."""

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
# Links of each kind per day to an unverified address, which may belong to a person who never registered.
MAX_DAILY_UNPROVED = 5
LIMITED = (LinkPurpose.PASSWORD_RESET, LinkPurpose.EMAIL_VERIFICATION)
log = logging.getLogger(__name__)


class LinkRequestService:
    """Answers link requests. Never commits."""

    def __init__(self, session: Session, links: AccountLinkService, mails: MailService, *, needs_proof: bool):
        self._session = session
        self._links = links
        self._mails = mails
        self._needs_proof = needs_proof

    def answer(self, limit: int) -> list[int]:
        """Add the mails of the oldest requests that no other worker has locked. Returns the ids of the mails."""
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
        """Return the mail for a request; None if there is none to send, or if an error occurs, which is logged."""
        try:
            with self._session.begin_nested():
                return self._pending_mail(purpose, email, url)
        except Exception:
            log.exception("request %d for a link cannot be answered", request_id)
            # Raises if the connection is broken, so that the requests are kept.
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
        """Whether the address is verified already, or has received the daily maximum of links."""
        if self._session.get_one(User, link.user_id).email_verified:
            return link.purpose is LinkPurpose.EMAIL_VERIFICATION
        return self._needs_proof and link.purpose in LIMITED and self._is_limit_reached(link)

    def _is_limit_reached(self, link: AccountLink) -> bool:
        last_day = select(func.count()).where(
            AccountLink.user_id == link.user_id,
            AccountLink.purpose == link.purpose,
            AccountLink.created_at > func.now() - DAY,
        )
        return (self._session.scalar(last_day) or 0) > MAX_DAILY_UNPROVED

    def _note_proof_sent(self, link: AccountLink) -> None:
        """Store the address, so that no further link is sent to it without a request."""
        sent = {"proof_sent_to": link.email}
        statement = insert(NotificationRecipient).values(user_id=link.user_id, **sent)
        self._session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=sent))


def account_links(runtime: Runtime, session: Session) -> AccountLinkService:
    return AccountLinkService(session, runtime.core.jwt_key)


def create_service(runtime: Runtime, session: Session) -> LinkRequestService:
    links = account_links(runtime, session)
    return LinkRequestService(session, links, mail_service(runtime, session), needs_proof=needs_proof(runtime))
