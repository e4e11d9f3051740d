"""Requests for links made into mails: only here does one look who has the address."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tms_core.runtime import Runtime
from tms_core.services.account_links import AccountLinkService
from tms_core.values import instant
from tms_notifications.models import MailKind, NotificationLinkRequest
from tms_notifications.notices import Notice
from tms_notifications.services.mails import MailService
from tms_notifications.services.mails import create_service as mail_service


class LinkRequestService:
    """Never commits."""

    def __init__(self, session: Session, links: AccountLinkService, mails: MailService):
        self._session = session
        self._links = links
        self._mails = mails

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
        notices = [notice for request in requests if (notice := self._notice(request))]
        answered = [request.id for request in requests]
        self._session.execute(delete(NotificationLinkRequest).where(NotificationLinkRequest.id.in_(answered)))
        return self._mails.add(notices)

    def _notice(self, request: NotificationLinkRequest) -> Notice | None:
        link = self._links.create(request.purpose, request.email)
        if link is None:
            return None
        return Notice(
            key=f"link:{link.id}",
            user_id=link.user_id,
            kind=MailKind(request.purpose.value),
            context={
                "link_id": link.id,
                "url": request.url,
                "at": instant(link.created_at),
                "until": instant(link.expires_at),
            },
        )


def account_links(runtime: Runtime, session: Session) -> AccountLinkService:
    return AccountLinkService(session, runtime.core.jwt_key)


def create_service(runtime: Runtime, session: Session) -> LinkRequestService:
    return LinkRequestService(session, account_links(runtime, session), mail_service(runtime, session))
