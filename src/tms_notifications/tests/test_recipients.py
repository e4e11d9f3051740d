from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind
from tms_notifications.models import MailKind
from tms_notifications.recipients import pending_mails_of

ANN, BOB = 1, 2


def event(kind: EventKind, assigned_to: int | None, changes=None, title="New title", actor_id=ANN):
    return TaskEventRecord(
        position=7,
        task_id=3,
        kind=kind,
        actor_id=actor_id,
        changes=changes or {},
        snapshot={"id": 3, "title": title, "description": "secret", "assigned_to": assigned_to, "created_by": ANN},
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (event(EventKind.CREATED, None), []),
        (event(EventKind.CREATED, BOB), [(BOB, "assigned")]),
        (event(EventKind.UPDATED, None, {"title": ["a", "b"]}), []),
        (event(EventKind.UPDATED, BOB, {"title": ["a", "b"]}), [(BOB, "updated")]),
        (event(EventKind.UPDATED, BOB, {"assigned_to": [None, BOB]}), [(BOB, "assigned")]),
        (event(EventKind.UPDATED, None, {"assigned_to": [BOB, None]}), [(BOB, "unassigned")]),
        (event(EventKind.UPDATED, BOB, {"assigned_to": [ANN, BOB]}), [(ANN, "unassigned"), (BOB, "assigned")]),
        # The new assignee is sent one mail, not an additional "updated".
        (event(EventKind.UPDATED, BOB, {"assigned_to": [None, BOB], "title": ["a", "b"]}), [(BOB, "assigned")]),
        (event(EventKind.DELETED, None), []),
        (event(EventKind.DELETED, BOB), [(BOB, "deleted")]),
    ],
)
def test_recipients_and_kinds_of_an_event(happened, expected):
    assert [(pending_mail.user_id, pending_mail.kind.value) for pending_mail in pending_mails_of(happened)] == expected


def test_a_previous_assignee_is_sent_only_the_old_title():
    happened = event(
        EventKind.UPDATED, BOB, {"assigned_to": [ANN, BOB], "title": ["Old title", "New title"], "status": ["A", "B"]}
    )

    lost, got = pending_mails_of(happened)

    assert lost.context["task"] == {"id": 3, "title": "Old title"}
    assert lost.context["changes"] == {}
    assert got.context["task"]["title"] == "New title"


def test_a_new_assignee_is_not_sent_the_old_values():
    (got,) = pending_mails_of(event(EventKind.UPDATED, BOB, {"assigned_to": [None, BOB], "title": ["Old", "New"]}))

    assert got.context["changes"] == {}


values = st.one_of(st.none(), st.integers(1, 3))
fields = st.dictionaries(st.sampled_from(["title", "status", "due_date"]), st.just(["a", "b"]), max_size=3)


@given(kind=st.sampled_from(EventKind), before=values, after=values, others=fields)
def test_only_current_and_previous_assignees_are_mailed_once_each(kind, before, after, others):
    moved = {"assigned_to": [before, after]} if before != after else {}
    changes = {**others, **moved} if kind is EventKind.UPDATED else {}

    pending_mails = pending_mails_of(event(kind, after, changes))

    recipients = [pending_mail.user_id for pending_mail in pending_mails]
    was_assignee = {before} if changes.get("assigned_to") else set()
    assert len(recipients) == len(set(recipients))
    assert set(recipients) == ({after} | was_assignee) - {None}
    assert all(pending_mail.kind is not MailKind.DUE_SOON for pending_mail in pending_mails)
    assert len({pending_mail.key for pending_mail in pending_mails}) == len(pending_mails)
