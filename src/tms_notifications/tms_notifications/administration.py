"""Resources for administrators: the mail log, and retrying mails."""

from typing import Any

from tms_core.error_codes import NOT_A_CHOICE
from tms_core.errors import InvalidError
from tms_core.models import User
from tms_core.sanitizing import one_line
from tms_core.web.administration import require_administrator
from tms_core.web.openapi import Link, Parameter, ResponseDoc, Tag, documented, names_of
from tms_core.web.resource import id_of, json_response, resource, to_json
from tms_core.web.validation import body_of, query_of, single_value
from tms_notifications.celery_queue import enqueue_after_commit
from tms_notifications.composing import address_of
from tms_notifications.id_cursor import CURSOR, SIZE, next_url, read_cursor
from tms_notifications.models import MailStatus, NotificationMail
from tms_notifications.schemas import Mail, Mails, MailsToRetry, Retried
from tms_notifications.services.mail_log import MailLogService
from tms_notifications.services.retries import RetryService

MAIL_LOG = Tag("Mail log", "All mails and what became of them, for administrators.", 2)
ONLY_ADMINISTRATORS = "The caller is not an administrator."
STATUS = Parameter(name="status", help="Only mails in this state.", kind=MailStatus)
PARAMETERS = (STATUS, CURSOR, SIZE)
NO_STORE = {"Cache-Control": "no-store"}


class _ForAdministrators:
    tag = MAIL_LOG

    def __init__(self, request, context=None):
        self.request = request


@resource(path="/api/admin/mails", name="admin-mails")
class MailLog(_ForAdministrators):
    @documented(
        "list_mails",
        query=PARAMETERS,
        responses={
            200: ResponseDoc(Mails, links=(Link("retry_mail", {"id": "$response.body#/results/0/id"}),)),
            403: ONLY_ADMINISTRATORS,
        },
    )
    def get(self):
        """List the mails, newest first. `counts` has the numbers of all waiting and all failed mails."""
        require_administrator(self.request)
        values = query_of(self.request, names_of(PARAMETERS))
        status, before, size = _status(values), read_cursor(values), SIZE.read(values)
        log = MailLogService(self.request.db)
        found = log.page(status=status, before=before, limit=size + 1)
        body = {
            "results": [present(mail, user) for mail, user in found[:size]],
            "next": next_url(self.request, values, found[size - 1][0].id) if len(found) > size else None,
            "counts": {"waiting": log.count(MailStatus.WAITING), "failed": log.count(MailStatus.FAILED)},
        }
        return json_response(to_json(body), headers=NO_STORE)


@resource(path=r"/api/admin/mails/{id:\d+}/retry", name="admin-mail-retry")
class MailRetry(_ForAdministrators):
    @documented(
        "retry_mail",
        responses={
            202: Mail,
            403: ONLY_ADMINISTRATORS,
            409: "The mail was sent, is being sent, or is held, summarised or dropped.",
        },
    )
    def post(self):
        """Send a failed or waiting mail again: makes it due now. It is sent once, however often this is called; a mail
        that was sent meanwhile is 409."""
        require_administrator(self.request)
        mail = RetryService(self.request.db).retry(id_of(self.request))
        enqueue_after_commit(self.request.registry.tms, self.request.db, [mail.id])
        shown = present(mail, self.request.db.get_one(User, mail.user_id))
        return json_response(to_json(shown), status=202, headers=NO_STORE)


@resource(path="/api/admin/mails/retry", name="admin-mails-retry")
class MailsRetry(_ForAdministrators):
    @documented("retry_mails", body=MailsToRetry, responses={200: Retried, 403: ONLY_ADMINISTRATORS})
    def post(self):
        """Send failed and waiting mails again. Mails that cannot be retried are left out. With `all`, all failed mails,
        but at most 10,000 at once."""
        require_administrator(self.request)
        body = body_of(self.request, MailsToRetry)
        service = RetryService(self.request.db)
        mail_ids = service.retry_failed() if body.all else service.retry_these(body.ids)
        enqueue_after_commit(self.request.registry.tms, self.request.db, mail_ids)
        return json_response({"retried": len(mail_ids)}, headers=NO_STORE)


def present(mail: NotificationMail, user: User) -> dict[str, Any]:
    is_sent = mail.status is MailStatus.SENT
    subject = mail.subject or one_line(mail.context.get("task", {}).get("title", ""))
    return {
        "id": mail.id,
        "kind": mail.kind,
        "recipient": {"id": user.id, "username": user.username, "email": mail.address or address_of(mail, user)},
        "task_id": mail.task_id,
        "subject": subject or None,
        "status": mail.status,
        "attempts": mail.attempts,
        "error": None if is_sent else mail.reason,
        "created_at": mail.created_at,
        "sent_at": mail.sent_at,
        "next_attempt_at": mail.next_attempt_at if mail.status is MailStatus.WAITING else None,
    }


def _status(values: dict[str, list[str]]) -> MailStatus | None:
    given = single_value(values, STATUS.name)
    if given is None:
        return None
    try:
        return MailStatus(given)
    except ValueError:
        choices = ", ".join(MailStatus)
        message = f"must be one of {choices}"
        raise InvalidError.of(STATUS.name, message, NOT_A_CHOICE, "query", choices=choices) from None


def includeme(config):
    config.scan(__name__)
