"""Mails that notify users of changes to their own account, such as a new personal token."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tms_core.account_mail import AccountNotice
from tms_core.runtime import Runtime
from tms_core.services.user_lock import lock_user
from tms_notifications.models import MailKind, MailStatus, NotificationMail
from tms_notifications.presenting import Presenter, name_line
from tms_notifications.recipients import PendingMail
from tms_notifications.services.mails import create_service

DAY = timedelta(days=1)
# Of each kind, per user and day. The last one says so.
MAX_DAILY_NOTICES = 10
TOO_MANY = f"{MAX_DAILY_NOTICES} mails of this kind were added within a day"


def add_notice(runtime: Runtime, session: Session, notice: AccountNotice) -> list[int]:
    """Insert the mail unless its key exists already. Returns the ids of the mails to send: one or none.

    Above `MAX_DAILY_NOTICES`, the mail is recorded as dropped: the text of a notice is in part the user's own.
    """
    # Serializes the counting.
    lock_user(session, notice.user_id)
    kind = MailKind(notice.kind.value)
    earlier = _count_of_last_day(session, notice.user_id, kind)
    mail = PendingMail(
        key=f"account:{notice.kind}:{notice.key}",
        user_id=notice.user_id,
        kind=kind,
        context={**notice.details, "is_last": earlier == MAX_DAILY_NOTICES - 1},
    )
    ids = create_service(runtime, session).add([mail])
    if earlier < MAX_DAILY_NOTICES:
        return ids
    dropped = {"status": MailStatus.DROPPED, "reason": TOO_MANY}
    session.execute(update(NotificationMail).where(NotificationMail.id.in_(ids)).values(dropped))
    return []


def _count_of_last_day(session: Session, user_id: int, kind: MailKind) -> int:
    mail = NotificationMail
    statement = select(func.count()).where(
        mail.user_id == user_id,
        mail.kind == kind,
        mail.status != MailStatus.DROPPED,
        mail.created_at > func.now() - DAY,
    )
    return session.scalar(statement) or 0


def token_created_variables(context: Mapping[str, Any], presenter: Presenter, site: str) -> dict[str, Any]:
    """Return the template variables of a `token_created` mail; the token itself is not among them."""
    expires_at = context["expires_at"]
    return {
        "name": name_line(context["name"]),
        "hint": context["hint"],
        "scopes": context["scopes"],
        "at": presenter.instant(context["at"]),
        "until": presenter.instant(expires_at) if expires_at else None,
        "is_last": context.get("is_last", False),
        "site": site,
    }
