"""Combines notifications of one user into mails: one per task, and one per bulk operation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tms_core.event_log.events import TaskEventRecord
from tms_notifications.models import Handling, MailKind, NotificationKind
from tms_notifications.net_changes import net_changes
from tms_notifications.reasons import Reason
from tms_notifications.recipients import PendingMail, pending_mail
from tms_notifications.summary_items import MAX_ITEMS, Cause, common_preference, summary_item

# Looked up by the kind of a notification, which is quicker than a call of the class.
MAIL_KINDS: dict[str, MailKind] = {kind.value: kind for kind in MailKind}


class Entry(NamedTuple):
    """Notifications of one task, in the order of their events, that are one item of a mail."""

    user_id: int
    kind: NotificationKind
    ids: tuple[int, ...]
    events: tuple[TaskEventRecord, ...]

    @property
    def operation(self) -> tuple[int | None, datetime]:
        """The transaction of the last event: all events of a transaction have one time."""
        return (self.events[-1].actor_id, self.events[-1].created_at)

    def changes(self) -> dict[str, list[Any]]:
        """Return the net change of all events."""
        return net_changes(event.changes for event in self.events)

    def mail(self) -> PendingMail:
        """Return the mail of these notifications alone. Its key is that of the first event."""
        kind = MAIL_KINDS[self.kind]
        first, last = self.events[0], self.events[-1]
        mail = pending_mail(last, self.user_id, kind)
        if first is last:
            return mail
        actors = list(dict.fromkeys(event.actor_id for event in self.events))
        mail.context.update(changes=self.changes(), actor_ids=actors)
        key = f"event:{first.position}:{self.user_id}:{kind}"
        return PendingMail(key, self.user_id, kind, mail.context, last.task_id, last.position)


@dataclass(frozen=True, slots=True)
class CombinedMail:
    """A mail and what becomes of its notifications, by id."""

    mail: PendingMail
    handling: dict[int, tuple[Handling, Reason | None]] = field(default_factory=dict)


def combined(entries: Iterable[Entry]) -> list[CombinedMail]:
    """Return the mails for entries of any users, in the order of their first entries.

    Several tasks that one transaction has changed are one mail per user; every other entry is a mail of its own.
    """
    operations: dict[tuple[int, int | None, datetime], list[Entry]] = {}
    for entry in entries:
        operations.setdefault((entry.user_id, *entry.operation), []).append(entry)
    return [_bulk(group) if len(group) > 1 else _single(group[0]) for group in operations.values()]


def _single(entry: Entry) -> CombinedMail:
    *earlier, last = entry.ids
    merged: dict[int, tuple[Handling, Reason | None]] = dict.fromkeys(earlier, (Handling.COALESCED, Reason.SAME_TASK))
    return CombinedMail(entry.mail(), merged | {last: (Handling.MAIL, None)})


def _bulk(entries: Sequence[Entry]) -> CombinedMail:
    first = entries[0]
    context = listing(Cause.BULK, entries) | {"actor_id": first.events[-1].actor_id}
    mail = PendingMail(f"bulk:{first.events[0].position}:{first.user_id}", first.user_id, MailKind.SUMMARY, context)
    ids = [one for entry in entries for one in entry.ids]
    return CombinedMail(mail, dict.fromkeys(ids, (Handling.COALESCED, Reason.INCLUDED)))


def listing(cause: Cause, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the context of a mail that lists entries."""
    mails = [entry.mail() for entry in entries[:MAX_ITEMS]]
    return {
        "cause": cause.value,
        "was_unproved": False,
        "items": [summary_item(mail.kind, mail.context, with_changes=True) for mail in mails],
        "more": len(entries) - len(mails),
        "preference": common_preference(entry.kind.preference for entry in entries),
    }
