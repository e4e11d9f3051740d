"""A mail's row made into the message that goes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from tms_core.account_mail import TOKEN
from tms_core.identity.email_addresses import envelope_address
from tms_core.models import User
from tms_core.runtime import Runtime
from tms_notifications.account_notices import token_created_variables
from tms_notifications.addressing import mail_host
from tms_notifications.headers import POLICY
from tms_notifications.models import MailKind, NotificationMail
from tms_notifications.presenting import Presenter, relative_day
from tms_notifications.settings import NotificationSettings
from tms_notifications.templating import render
from tms_notifications.text import one_line
from tms_notifications.unsubscribing import unsubscribe_url


@dataclass(frozen=True, slots=True)
class Recipient:
    """The user as it is now; `zone` is its own or the deployment's."""

    id: int
    name: str
    email: str
    zone: ZoneInfo

    @classmethod
    def of(cls, user: User, zone: ZoneInfo, email: str | None) -> "Recipient":
        name = one_line(f"{user.first_name} {user.last_name}") or one_line(user.username)
        return cls(user.id, name, email or "", zone)


class Composer:
    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._settings = runtime.settings(NotificationSettings)

    def compose(
        self, mail: NotificationMail, recipient: Recipient, names: Mapping[int, str], token: str = ""
    ) -> EmailMessage:
        """The message, headers and both bodies; raises what a template or an impossible address raises. `token` is
        that of the link, if it carries one.

        The same row gives the same Message-ID and Date each time.
        """
        variables = self._variables(mail, recipient, names, token) | {
            "kind": mail.kind.value,
            "recipient": recipient.name,
            "unsubscribe_url": self._unsubscribe_url(mail, recipient),
        }
        rendered = render(self._settings.template_path, mail.kind, variables)
        message = EmailMessage(policy=POLICY)
        message["From"] = self._settings.sender_address
        message["To"] = _address(one_line(recipient.name), recipient.email)
        message["Subject"] = rendered.subject
        if link := variables["unsubscribe_url"]:
            message["List-Unsubscribe"] = f"<{link}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        self._add_headers(message, mail)
        message.set_content(rendered.text, charset="utf-8", cte="quoted-printable")
        message.add_alternative(rendered.html, subtype="html", charset="utf-8", cte="quoted-printable")
        return message

    def _unsubscribe_url(self, mail: NotificationMail, recipient: Recipient) -> str | None:
        preference = mail.kind.preference
        return unsubscribe_url(self._runtime, recipient.id, preference) if preference else None

    def _add_headers(self, message: EmailMessage, mail: NotificationMail) -> None:
        message["Date"] = mail.created_at
        message["Message-ID"] = mail.message_id
        if mail.task_id is not None:
            # No mail has this id; it only makes a task's mails one conversation.
            message["References"] = f"<task.{mail.task_id}@{mail_host(self._runtime)}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"

    def _variables(
        self, mail: NotificationMail, recipient: Recipient, names: Mapping[int, str], token: str
    ) -> dict[str, Any]:
        presenter = Presenter(names, recipient.zone)
        if mail.kind.has_link:
            return self._link_variables(mail.context, presenter, token)
        if mail.kind is MailKind.TOKEN_CREATED:
            return token_created_variables(mail.context, presenter, self._runtime.core.public_url)
        if mail.kind is MailKind.DUE_SOON:
            return self._due_soon_variables(mail.context, presenter)
        context = mail.context
        task = presenter.task(context["task"])
        is_own = context["actor_id"] == recipient.id
        actor = "You" if is_own else presenter.actor(context["actor_id"])
        return {
            "task": task,
            "actor": actor,
            "sentence": OWN[mail.kind] if is_own else SENTENCES[mail.kind].format(actor=actor),
            "changes": presenter.changes(context["changes"]),
            "at": presenter.instant(context["at"]),
            "task_url": self._task_url(task["id"]) if self._is_reachable(mail.kind) else None,
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

    def _link_variables(self, context: Mapping[str, Any], presenter: Presenter, token: str) -> dict[str, Any]:
        has_link = "link_id" in context
        return {
            "link": context["url"].replace(TOKEN, token) if has_link else None,
            "until": presenter.instant(context["until"]) if has_link else None,
            "at": presenter.instant(context["at"]),
            "site": self._runtime.core.public_url,
        }

    def _is_reachable(self, kind: MailKind) -> bool:
        if kind is MailKind.UNASSIGNED:
            return self._runtime.core.visibility == "team"
        return kind is not MailKind.DELETED

    def _task_url(self, task_id: int) -> str:
        return self._settings.task_url.format(public_url=self._runtime.core.public_url, id=task_id)


SENTENCES = {
    MailKind.ASSIGNED: "{actor} assigned this task to you:",
    MailKind.UPDATED: "{actor} changed a task that is assigned to you:",
    MailKind.UNASSIGNED: "{actor} took this task away from you; it is no longer assigned to you:",
    MailKind.DELETED: "{actor} deleted a task that was assigned to you:",
}


OWN = {
    MailKind.ASSIGNED: "You assigned this task to yourself:",
    MailKind.UPDATED: "You changed a task that is assigned to you:",
    MailKind.UNASSIGNED: "You gave this task away; it is no longer assigned to you:",
    MailKind.DELETED: "You deleted a task that was assigned to you:",
}


def _address(name: str, email: str) -> Address:
    """Raises ValueError where `email` is no address."""
    return Address(name, addr_spec=envelope_address(email))
