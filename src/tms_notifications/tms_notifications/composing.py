"""Composes the outgoing message from a row of `notification_mail`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from tms_core.account_mail import TOKEN
from tms_core.display_names import display_name
from tms_core.models import User
from tms_core.runtime import Runtime
from tms_core.sanitizing import one_line
from tms_core.visible_text import isolate
from tms_notifications.account_notices import token_created_variables
from tms_notifications.headers import address_field, text_field, verbatim_field
from tms_notifications.hostnames import Mailbox, mail_host, smtp_address
from tms_notifications.languages import language
from tms_notifications.messages import OutgoingMail, serialised
from tms_notifications.models import MailKind, NotificationMail
from tms_notifications.presenting import Presenter
from tms_notifications.settings import NotificationSettings
from tms_notifications.templating import Templates
from tms_notifications.unsubscribing import UnsubscribeLinks
from tms_notifications.wording import WERE_DUE, YOUR_DUE_TASKS, joined, sentence, summary_sentence


@dataclass(frozen=True, slots=True)
class Recipient:
    """The user's current data. Time zone and language are the deployment's where the user has set none."""

    id: int
    name: str
    email: str
    zone: ZoneInfo
    language: str

    @classmethod
    def of(cls, user: User, mail: NotificationMail, zone: ZoneInfo, language: str) -> "Recipient":
        # Somebody may register with another person's address: full names could then carry a text to that person.
        name = user.username if mail.kind.is_about_account else f"{user.first_name} {user.last_name}"
        name = display_name(one_line(name), one_line(user.username))
        return cls(user.id, name, address_of(mail, user) or "", zone, language)


def address_of(mail: NotificationMail, user: User) -> str | None:
    """Return `to` of the mail's context, or the account's address; None where the account has none."""
    address: str | None = mail.context.get("to", user.email)
    return address


class Composer:
    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._settings = runtime.settings(NotificationSettings)
        self._sender = self._settings.sender_mailbox
        self._templates = Templates(self._settings.template_path, self._settings.subject_prefix)
        self._host = mail_host(runtime)
        self._unsubscribe_links = UnsubscribeLinks(runtime)

    def compose(
        self,
        mail: NotificationMail,
        recipient: Recipient,
        names: Mapping[int, str],
        token: str = "",
        context: Mapping[str, Any] | None = None,
    ) -> OutgoingMail:
        """Return the finished message. Raises `AddressError` for an invalid address, and whatever a template raises.

        `names` maps user ids to usernames, `token` is inserted into the mail's link, and `context` replaces the
        context of the row. The Message-ID and Date of a row never change.
        """
        context = mail.context if context is None else context
        variables = self._variables(mail, context, recipient, names, token) | {
            "kind": mail.kind.value,
            "language": recipient.language,
            "sender": self._sender.name,
            "recipient": isolate(recipient.name),
            "unsubscribe_url": self._unsubscribe_url(mail, recipient),
        }
        rendered = self._templates.render(mail.kind, variables)
        to = Mailbox(one_line(recipient.name), smtp_address(recipient.email))
        fields = {
            "From": address_field("From", self._sender),
            "To": address_field("To", to),
            "Subject": text_field("Subject", rendered.subject),
            **self._technical_fields(mail, variables["unsubscribe_url"]),
        }
        content = serialised(fields, rendered.text, rendered.html)
        return OutgoingMail(self._sender.address, to.address, rendered.subject, content)

    def _unsubscribe_url(self, mail: NotificationMail, recipient: Recipient) -> str | None:
        which = mail.context.get("preference") or mail.kind.unsubscribes_from
        return self._unsubscribe_links.url(recipient.id, which) if which else None

    def _technical_fields(self, mail: NotificationMail, unsubscribe_url: str | None) -> dict[str, bytes]:
        values = {
            "Date": format_datetime(mail.created_at),
            "Message-ID": mail.message_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        }
        if mail.task_id is not None:
            # No message has this id; it makes a thread of the mails of one task. Some programs read one of them.
            values["In-Reply-To"] = values["References"] = f"<task.{mail.task_id}@{self._host}>"
        if unsubscribe_url:
            values["List-Unsubscribe"] = f"<{unsubscribe_url}>"
            values["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return {name: verbatim_field(name, value) for name, value in values.items()}

    def _variables(
        self,
        mail: NotificationMail,
        context: Mapping[str, Any],
        recipient: Recipient,
        names: Mapping[int, str],
        token: str,
    ) -> dict[str, Any]:
        presenter = Presenter(names, recipient.zone, language(recipient.language))
        if mail.kind.has_link:
            return self._link_variables(context, presenter, token)
        if mail.kind is MailKind.TOKEN_CREATED:
            return token_created_variables(context, presenter, self._runtime.core.public_url)
        if mail.kind is MailKind.DUE_SOON:
            return self._due_soon_variables(context, presenter)
        if mail.kind is MailKind.SUMMARY:
            return self._summary_variables(context, presenter, recipient)
        variables = self._task_variables(mail.kind, context, presenter, recipient)
        return variables | {"changes": presenter.changes(context["changes"]), "task_url": variables["url"]}

    def _task_variables(
        self,
        kind: MailKind,
        context: Mapping[str, Any],
        presenter: Presenter,
        recipient: Recipient,
        *,
        is_item: bool = False,
    ) -> dict[str, Any]:
        """Return the template variables of the events of one task: the task, the actors, the time and a sentence."""
        task = presenter.task(context["task"])
        ids = context.get("actor_ids", [context["actor_id"]])
        actors = presenter.actors(ids, recipient.id, is_item=is_item)
        is_own = ids == [recipient.id]
        return {
            "task": task,
            "actor": joined(actors, presenter.language),
            "sentence": sentence(kind, None if is_own else actors, presenter.language, is_item=is_item),
            "at": presenter.instant(context["at"]),
            "url": self._task_url(task["id"]) if self._is_reachable(kind) else None,
        }

    def _summary_variables(
        self, context: Mapping[str, Any], presenter: Presenter, recipient: Recipient
    ) -> dict[str, Any]:
        items = [
            self._due_item(item, presenter)
            if item["kind"] == MailKind.DUE_SOON
            else self._task_variables(MailKind(item["kind"]), item, presenter, recipient, is_item=True)
            | {"changes": presenter.changes(item.get("changes", {}))}
            for item in context["items"]
        ]
        cause = context.get("cause")
        is_own = context.get("actor_id") == recipient.id
        return {
            "items": items,
            "more": context["more"],
            "count": len(items) + context["more"],
            "cause": cause,
            "sentence": summary_sentence(
                cause,
                None if is_own else presenter.actor(context.get("actor_id")),
                presenter.language,
                was_unproved=context["was_unproved"],
            ),
            "due": self._listed(context.get("due", ()), presenter),
            "overdue": self._listed(context.get("overdue", ()), presenter),
        }

    def _due_item(self, item: Mapping[str, Any], presenter: Presenter) -> dict[str, Any]:
        day, count = presenter.day(item["today"]), item["count"]
        line = presenter.language.plural(WERE_DUE, count).format(day=day, count=count)
        return {"due": day, "count": count, "due_sentence": line}

    def _listed(
        self, tasks: Iterable[Mapping[str, Any]], presenter: Presenter, today: date | None = None
    ) -> list[dict[str, Any]]:
        """Return tasks with the day on which they are due."""
        return [presenter.due_task(task, self._task_url(task["id"]), today) for task in tasks]

    def _due_soon_variables(self, context: Mapping[str, Any], presenter: Presenter) -> dict[str, Any]:
        tasks = self._listed(context["tasks"], presenter, date.fromisoformat(context["today"]))
        more = context.get("more_due", 0)
        return {
            "tasks": tasks,
            "sentence": presenter.language.plural(YOUR_DUE_TASKS, len(tasks) + more),
            "more_due": more,
            "overdue": self._listed(context.get("overdue", ()), presenter),
            "more_overdue": context.get("more_overdue", 0),
        }

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
