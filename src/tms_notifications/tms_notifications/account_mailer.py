"""The web process's end of mails about accounts: requests are written down, and a worker looks whose they are."""

from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from tms_core.account_mail import AccountMailer, LinkRequest
from tms_core.celery import use
from tms_core.runtime import Runtime
from tms_notifications.models import NotificationLinkRequest
from tms_notifications.queueing import hint_at_requests


class LinkMailer(AccountMailer):
    """The row is in the caller's transaction; the message to the workers may be lost, and `send_waiting` looks too."""

    def __init__(self, runtime: Runtime):
        super().__init__(runtime)
        use(runtime)

    def ask(self, session: Session, request: LinkRequest) -> None:
        session.execute(
            insert(NotificationLinkRequest).values(purpose=request.purpose, email=request.email, url=request.url)
        )
        event.listen(session, "after_commit", lambda _session: hint_at_requests(), once=True)
