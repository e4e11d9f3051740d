"""A mail's row made into the message that goes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tms_core.models import User
from tms_core.runtime import Runtime
from tms_notifications.models import MailKind, NotificationMail
from tms_notifications.presenting import Presenter, relative_day
from tms_notifications.settings import NotificationSettings
from tms_notifications.templating import Rendered, render
from tms_notifications.text import one_line
from tms_notifications.unsubscribing import unsubscribe_url

# Seven bits pass every server; the bodies are encoded for that.
POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Recipient:
    """The user as it is now; `zone` is its own or the deployment's."""

    id: int
    username: str
    full_name: str
    email: str
    zone: ZoneInfo

    @classmethod
    def of(cls, user: User, zone: ZoneInfo) -> "Recipient":
        full_name = f"{user.first_name} {user.last_name}".strip()
        return cls(user.id, user.username, full_name, user.email or "", zone)


class Composer:
    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._settings = runtime.settings(NotificationSettings)

    def compose(self, mail: NotificationMail, recipient: Recipient, names: Mapping[int, str]) -> EmailMessage:
        """The message, headers and both bodies; raises what a template or an impossible address raises.

        The same row gives the same Message-ID and Date each time.
        """
        link = unsubscribe_url(self._runtime, recipient.id, mail.kind.preference)
        variables = self._variables(mail, recipient, names) | {
            "kind": mail.kind.value,
            "recipient": one_line(recipient.full_name or recipient.username),
            "unsubscribe_url": link,
        }
        message = self._message(mail, render(self._settings.template_path, mail.kind, variables))
        message["To"] = _address(one_line(recipient.full_name or recipient.username), recipient.email)
        message["List-Unsubscribe"] = f"<{link}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return message

    def _message(self, mail: NotificationMail, rendered: Rendered) -> EmailMessage:
        message = EmailMessage(policy=POLICY)
        message["Subject"] = rendered.subject
        message["From"] = self._settings.sender_address
        message["Date"] = mail.created_at
        message["Message-ID"] = mail.message_id
        if mail.task_id is not None:
            # No mail has this id; it only makes a task's mails one conversation.
            message["References"] = f"<task.{mail.task_id}@{mail_host(self._runtime)}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(rendered.text, charset="utf-8", cte="quoted-printable")
        message.add_alternative(rendered.html, subtype="html", charset="utf-8", cte="quoted-printable")
        return message

    def _variables(
        self, mail: NotificationMail, recipient: Recipient, names: Mapping[int, str]
    ) -> dict[str, Any]:
        presenter = Presenter(names, recipient.zone)
        if mail.kind is MailKind.DUE_SOON:
            return self._due_soon_variables(mail.context, presenter)
        context = mail.context
        task = presenter.task(context["task"])
        actor = _actor(context["actor_id"], recipient, presenter)
        return {
            "task": task,
            "actor": actor,
            "sentence": SENTENCES[mail.kind].format(actor=actor),
            "changes": presenter.changes(context["changes"]),
            "at": presenter.instant(context["at"]),
            "task_url": None if mail.kind is MailKind.DELETED else self._task_url(task["id"]),
        }

    def _due_soon_variables(self, context: Mapping[str, Any], presenter: Presenter) -> dict[str, Any]:
        today = date.fromisoformat(context["today"])
        tasks = [
            presenter.task(task)
            | {
                "due": relative_day(date.fromisoformat(task["due_date"]), today),
                "url": self._task_url(task["id"]),
            }
            for task in context["tasks"]
        ]
        which = "This task of yours is" if len(tasks) == 1 else f"These {len(tasks)} tasks of yours are"
        return {"tasks": tasks, "sentence": f"{which} due today or tomorrow:"}

    def _task_url(self, task_id: int) -> str:
        return self._settings.task_url.format(public_url=self._runtime.core.public_url, id=task_id)


SENTENCES = {
    MailKind.ASSIGNED: "{actor} assigned this task to you:",
    MailKind.UPDATED: "{actor} changed a task that is assigned to you:",
    MailKind.UNASSIGNED: "{actor} took this task away from you; it is no longer assigned to you:",
    MailKind.DELETED: "{actor} deleted a task that was assigned to you:",
}


def _actor(actor_id: int | None, recipient: Recipient, presenter: Presenter) -> str:
    if actor_id is None:
        return "TMS"
    return "You" if actor_id == recipient.id else presenter.name(actor_id)


def _address(name: str, email: str) -> Address:
    """Raises ValueError where `email` is no address."""
    local, _, domain = email.rpartition("@")
    return Address(name, username=local, domain=domain.encode("idna").decode())


def mail_host(runtime: Runtime) -> str:
    """The deployment's name, as message ids end in."""
    return urlsplit(runtime.core.public_url).hostname or "localhost"


def as_text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return body.get_content() if body else ""


def when(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
