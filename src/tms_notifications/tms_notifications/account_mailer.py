"""Stores requests for mails about accounts in the web process; a worker resolves the address and sends the mail."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from tms_core.account_mail import AccountMailer, AccountNotice, EmailChangeNotice, LinkRequest
from tms_core.celery import use
from tms_core.models import AccountLink
from tms_core.runtime import Runtime
from tms_core.values import instant
from tms_notifications.account_notices import add_notice
from tms_notifications.celery_queue import enqueue_after_commit, enqueue_link_requests
from tms_notifications.models import MailKind, NotificationLinkRequest
from tms_notifications.recipients import PendingMail
from tms_notifications.services.mails import create_service
from tms_notifications.settings import needs_proof


class LinkMailer(AccountMailer):
    """Inserts rows in the caller's transaction and enqueues a Celery message after its commit.

    `send_waiting` picks up the rows whose Celery message is lost.
    """

    def __init__(self, runtime: Runtime):
        self.runtime = runtime
        use(runtime)

    @property
    def proves_addresses(self) -> bool:
        return needs_proof(self.runtime)

    def ask(self, session: Session, request: LinkRequest) -> None:
        session.execute(
            insert(NotificationLinkRequest).values(purpose=request.purpose, email=request.email, url=request.url)
        )
        event.listen(session, "after_commit", lambda _session: enqueue_link_requests(), once=True)

    def notify(self, session: Session, pending_mail: AccountNotice) -> None:
        enqueue_after_commit(self.runtime, session, add_notice(self.runtime, session, pending_mail))

    def tell_of_email_change(self, session: Session, pending_mail: EmailChangeNotice) -> None:
        """Insert the mail at once, not by a link request: the account is known to the user who changed the address."""
        link = session.get_one(AccountLink, pending_mail.link_id) if pending_mail.link_id else None
        context: dict[str, object] = {
            "to": pending_mail.old_email,
            "url": pending_mail.url,
            "at": instant(datetime.now(UTC)),
        }
        if link:
            context |= {"link_id": link.id, "until": instant(link.expires_at)}
        mail = PendingMail(
            key=f"link:{link.id}" if link else f"email-change:{uuid4()}",
            user_id=pending_mail.user_id,
            kind=MailKind.EMAIL_CHANGE,
            context=context,
        )
        enqueue_after_commit(self.runtime, session, create_service(self.runtime, session).add([mail]))
