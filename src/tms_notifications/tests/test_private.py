"""With private visibility, mails contain only tasks that their user may see."""

import pytest

from tms_core.services.tasks import TaskService
from tms_notifications.models import MailStatus

MUTED = "/api/users/me/muted-tasks"


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return {**smtp_settings, "tms.visibility": "private"}


def test_previous_assignees_are_not_sent_later_values(smtp, tasks, relay_once, mail_log, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id, title="Old")
    relay_once()
    mail_log.send_all()
    tasks.change(ann, task_id, assigned_to=ann.id, title="New plan", description="Hush")
    relay_once()
    mail_log.send_all()

    (lost,) = [message for message in smtp.received if "took this task away" in message.as_string()]
    assert lost["Subject"] == f"[TMS] Old (#{task_id})"
    whole = lost.as_string()
    assert "New plan" not in whole
    assert "Hush" not in whole
    assert f"/api/task/{task_id}" not in whole


def test_a_waiting_mail_is_dropped_when_the_task_becomes_invisible(smtp, tasks, relay_once, mail_log, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id)
    tasks.change(ann, task_id, assigned_to=None)
    relay_once()

    assigned, lost = mail_log.send_all()

    assert (assigned.status, assigned.reason) == (MailStatus.DROPPED, "the task may no longer be seen")
    assert lost.status is MailStatus.SENT


def test_assignees_are_sent_their_mails(smtp, tasks, relay_once, mail_log, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id)
    tasks.change(ann, task_id, status="IN_PROGRESS")
    relay_once()

    assert [row.status for row in mail_log.send_all()] == [MailStatus.SENT] * 2


def test_a_mail_whose_tasks_may_all_no_longer_be_seen_is_not_sent(
    runtime, smtp, tasks, relay_once, mail_log, ledger, ann, bob
):
    with runtime.transaction() as session:
        service = TaskService(session, ann.actor, "private")
        ids = [service.create({"title": f"Secret {number}", "assigned_to": bob.id}).id for number in range(2)]
    relay_once()
    with runtime.transaction() as session:
        for task_id in ids:
            TaskService(session, ann.actor, "private").change(task_id, {"assigned_to": None})
    mail_log.send_all()

    assert smtp.received == []
    assert ledger.outcomes(bob) == [("assigned", "suppressed", "not_visible")] * 2


def test_a_muted_task_that_becomes_invisible_is_not_listed(client_of, tasks, ledger, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id, title="Secret")
    ledger.mute(bob, task_id)
    assert [row["title"] for row in client_of(bob).get(MUTED).json["results"]] == ["Secret"]

    tasks.change(ann, task_id, assigned_to=None)

    assert client_of(bob).get(MUTED).json["results"] == []
