"""Mails that notify users of changes to their own account, such as a new personal token."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from tms_core.account_mail import AccountNotice
from tms_core.runtime import Runtime
from tms_core.sanitizing import one_line
from tms_core.visible_text import isolate
from tms_notifications.models import MailKind
from tms_notifications.presenting import Presenter
from tms_notifications.recipients import PendingMail
from tms_notifications.services.mails import create_service


def add_notice(runtime: Runtime, session: Session, pending_mail: AccountNotice) -> list[int]:
    """Insert the mail unless its key exists already. Returns the ids of the inserted mails: one or none."""
    mail = PendingMail(
        key=f"account:{pending_mail.kind}:{pending_mail.key}",
        user_id=pending_mail.user_id,
        kind=MailKind(pending_mail.kind.value),
        context=dict(pending_mail.details),
    )
    return create_service(runtime, session).add([mail])


def token_created_variables(context: Mapping[str, Any], presenter: Presenter, site: str) -> dict[str, Any]:
    """Return the template variables of a `token_created` mail; the token itself is not among them."""
    expires_at = context["expires_at"]
    return {
        "name": isolate(one_line(context["name"])),
        "hint": context["hint"],
        "scopes": context["scopes"],
        "at": presenter.instant(context["at"]),
        "until": presenter.instant(expires_at) if expires_at else None,
        "site": site,
    }
