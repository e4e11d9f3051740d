"""Scheduled reports over the real application, with mails as files."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, text, update

from tms_core.celery import use
from tms_core.document_mail import DocumentRefusedError
from tms_core.errors import UnavailableError
from tms_core.models import User
from tms_notifications.document_mailer import SmtpDocumentMailer
from tms_reports.jobs import running
from tms_reports.models import JobStatus, ReportJob, ReportSchedule
from tms_reports.schedules import runs
from tms_reports.schedules.runs import start_due_runs
from tms_reports.schedules.schemas import Schedule
from tms_reports.schedules.services import MAX_SCHEDULES
from tms_reports.tasks import run_job, start_scheduled, sweep_jobs

PATH = "/api/task-report-insight/schedules"
WEEKLY = {"name": "Weekly", "cron": "0 8 * * MON", "report": "workload"}


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports", "tms_notifications")


@pytest.fixture(autouse=True)
def worker(runtime):
    """This process as a worker."""
    use(runtime)


@pytest.fixture
def create(client):
    return lambda status=201, **values: client.post_json(PATH, {**WEEKLY, **values}, status=status).json


@pytest.fixture
def mails(runtime):
    """Returns the mails since the test began, by recipient."""
    folder = Path(runtime.core.state_dir) / "mail"
    for path in folder.glob("*.eml"):
        path.unlink()

    def read():
        found = [message_from_bytes(path.read_bytes(), policy=SMTP) for path in sorted(folder.glob("*.eml"))]
        return {mail["To"].addresses[0].username: mail for mail in found}

    return read


def make_due(runtime, *, hours=1):
    with runtime.transaction() as session:
        session.execute(update(ReportSchedule).values(next_run_at=func.now() - timedelta(hours=hours)))


def run_waiting(runtime):
    """Run the waiting jobs as workers do, and return their number."""
    with runtime.transaction() as session:
        ids = session.scalars(text("SELECT id FROM report_job WHERE status = 'waiting' ORDER BY id")).all()
    for job_id in ids:
        run_job(job_id)
    return len(ids)


def test_a_new_schedule_runs_next_at_its_time_in_its_zone(client, create):
    schedule = create(timezone="America/New_York", parameters={"priority": ["HIGH"]}, format="csv")

    Schedule.model_validate_json(client.get(f"{PATH}/{schedule['id']}").text)
    run = datetime.fromisoformat(schedule["next_run_at"])
    assert run > datetime.now(UTC)
    assert (run.weekday(), run.hour in (12, 13)) == (0, True)
    assert (schedule["owner"], schedule["recipients"]) == (client.user.id, [client.user.id])
    assert (schedule["is_paused"], schedule["last_run"]) == (False, None)
    assert client.get(PATH).json["results"] == [schedule]


def test_the_zone_of_the_deployment_is_the_default(create):
    assert create()["timezone"] == "UTC"


def test_a_due_schedule_mails_the_report_to_each_recipient(client, runtime, create, make_user, mails):
    bob = make_user("bob")
    client.post_json("/api/task", {"title": "t", "assigned_to": bob.id})
    schedule = create(recipients=[client.user.id, bob.id], parameters={"assigned_to": ["me"]})
    start_scheduled()
    assert run_waiting(runtime) == 0
    make_due(runtime)

    start_scheduled()
    assert client.get(f"{PATH}/{schedule['id']}").json["last_run"]["status"] == "waiting"
    assert run_waiting(runtime) == 2

    sent = mails()
    assert sent.keys() == {client.user.username, "bob"}
    assert sent["bob"]["Subject"] == "Weekly: Workload"
    files = {part.get_filename().partition("-")[0]: part for part in sent["bob"].iter_attachments()}
    kinds = [part.get_content_type() for part in sent["bob"].iter_attachments()]
    assert kinds == ["text/html", "text/csv"]
    # Of what is assigned to the recipient.
    assert "bob,1" in files["workload"].get_payload(decode=True).decode()
    assert f"of {client.user.username} sent" in sent["bob"].get_body(("plain",)).get_content()
    found = client.get(f"{PATH}/{schedule['id']}").json
    assert found["last_run"]["status"] == "done"
    assert client.get(f"/api/task-report-insight/jobs/{found['last_run']['job_id']}").json["status"] == "done"
    assert datetime.fromisoformat(found["next_run_at"]) > datetime.now(UTC)


def test_missed_times_are_caught_up_once(runtime, create, mails):
    create(cron="0 * * * *")
    make_due(runtime, hours=100)

    for _ in range(3):
        start_scheduled()

    assert run_waiting(runtime) == 1


@pytest.mark.parametrize("change", [{"name": "Other"}, {"cron": WEEKLY["cron"], "is_paused": False}])
def test_a_change_of_other_fields_keeps_a_run_that_is_due(client, runtime, create, change):
    schedule = create()
    make_due(runtime)

    client.patch_json(f"{PATH}/{schedule['id']}", change)
    start_scheduled()

    assert run_waiting(runtime) == 1


def test_a_run_is_due_once_whatever_the_clock_of_the_worker_says(runtime, create, monkeypatch):
    create(cron="0 * * * *")
    make_due(runtime)
    behind = datetime.now(UTC) - timedelta(days=1)
    monkeypatch.setattr(runs, "datetime", SimpleNamespace(now=lambda zone: behind))

    with runtime.transaction() as session:
        found = [start_due_runs(runtime, session) for _ in range(2)]

    assert found == [1, 0]


def test_a_run_that_is_not_finished_takes_the_place_of_the_next(runtime, create):
    create()
    for _ in range(2):
        make_due(runtime)
        start_scheduled()

    assert run_waiting(runtime) == 1


def test_a_paused_schedule_does_not_run_until_it_is_resumed(client, runtime, create):
    schedule = create()
    paused = client.patch_json(f"{PATH}/{schedule['id']}", {"is_paused": True}).json
    assert (paused["is_paused"], paused["next_run_at"]) == (True, None)
    start_scheduled()
    assert run_waiting(runtime) == 0

    resumed = client.patch_json(f"{PATH}/{schedule['id']}", {"is_paused": False, "cron": "0 9 * * *"}).json
    assert datetime.fromisoformat(resumed["next_run_at"]).hour == 9


def test_a_paused_schedule_can_be_run_now(client, runtime, create, mails):
    schedule = create()
    client.patch_json(f"{PATH}/{schedule['id']}", {"is_paused": True})

    started = client.post(f"{PATH}/{schedule['id']}/run", status=202).json
    again = client.post(f"{PATH}/{schedule['id']}/run", status=409).json

    assert started["last_run"]["status"] == "waiting"
    assert again["code"] == "report_schedule_running"
    run_waiting(runtime)
    assert len(mails()) == 1
    client.post(f"{PATH}/{schedule['id']}/run", status=202)


def test_a_schedule_of_a_user_does_not_stop_a_job_of_the_user(client, runtime, create):
    schedule = create()
    client.post(f"{PATH}/{schedule['id']}/run", status=202)

    client.post_json("/api/task-report-insight/jobs", {"report": "aging"}, status=202)


def test_recipients_see_a_schedule_and_can_leave_it_but_not_change_it(client, client_of, create, bob, make_user):
    schedule = create(recipients=[client.user.id, bob.id])
    own, path = client_of(bob), f"{PATH}/{schedule['id']}"

    assert own.get(path).json["recipients"] == [bob.id]
    assert own.patch_json(path, {"is_paused": True}, status=403).json["code"] == "report_schedule_foreign"
    own.post(f"{path}/run", status=403)
    own.delete(path)
    assert own.get(PATH).json["results"] == []
    assert client.get(path).json["recipients"] == [client.user.id]
    client_of(make_user(is_admin=True)).get(path, status=404)
    client.delete(path)
    client.get(path, status=404)


def test_a_recipient_who_leaves_during_a_run_gets_no_mail(client, client_of, runtime, create, bob, mails):
    schedule = create(recipients=[bob.id])
    client.post(f"{PATH}/{schedule['id']}/run", status=202)
    client_of(bob).delete(f"{PATH}/{schedule['id']}")

    run_waiting(runtime)

    assert mails() == {}


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"cron": "often"}, "cron", "bad_cron"),
        ({"cron": "*/5 * * * *"}, "cron", "cron_too_frequent"),
        ({"timezone": "Mars/Olympus"}, "timezone", "unknown_zone"),
        ({"recipients": [999]}, "recipients", "not_a_recipient"),
        ({"parameters": {"days": 3}}, "parameters.days", "unknown_parameter"),
        ({"name": " "}, "name", "blank"),
    ],
)
def test_bad_values_are_rejected_when_created_and_changed(client, create, values, field, code):
    [error] = create(400, **values)["errors"]
    schedule = create()
    [changed] = client.patch_json(f"{PATH}/{schedule['id']}", values, status=400).json["errors"]

    assert (error["field"], error["code"]) == (changed["field"], changed["code"]) == (field, code)
    assert client.get(f"{PATH}/{schedule['id']}").json == schedule


def test_a_schedule_is_paused_and_renamed_when_a_recipient_is_no_longer_active(client, runtime, create, bob):
    schedule = create(recipients=[client.user.id, bob.id])
    with runtime.transaction() as session:
        session.execute(update(User).where(User.id == bob.id).values(is_active=False))

    changed = client.patch_json(f"{PATH}/{schedule['id']}", {"is_paused": True, "name": "Rest"}).json
    refused = client.patch_json(f"{PATH}/{schedule['id']}", {"recipients": [bob.id]}, status=400).json

    assert (changed["is_paused"], changed["name"]) == (True, "Rest")
    assert refused["errors"][0]["code"] == "not_a_recipient"


def test_in_private_deployments_only_administrators_add_recipients(
    runtime, create, client_of, make_user, bob, monkeypatch
):
    monkeypatch.setitem(runtime.core.__dict__, "visibility", "private")
    root = make_user(is_admin=True)

    assert create(400, recipients=[bob.id])["errors"][0]["code"] == "not_a_recipient"
    create()
    client_of(root).post_json(PATH, {**WEEKLY, "recipients": [bob.id]}, status=201)


def test_a_user_has_a_bounded_number_of_schedules(create):
    for _ in range(MAX_SCHEDULES):
        create()

    assert create(409)["code"] == "too_many_report_schedules"


def test_a_mail_that_is_refused_fails_the_run_with_the_reason(client, runtime, create, monkeypatch):
    def refuse(self, mail):
        raise DocumentRefusedError("The mail server refused the mail: 550")

    monkeypatch.setattr(SmtpDocumentMailer, "send", refuse)
    schedule = create()
    client.post(f"{PATH}/{schedule['id']}/run", status=202)
    run_waiting(runtime)

    last = client.get(f"{PATH}/{schedule['id']}").json["last_run"]
    assert (last["status"], last["error"]) == (
        "failed",
        f"User {client.user.id}: The mail server refused the mail: 550",
    )


def test_a_mail_is_repeated_while_the_server_is_away(client, runtime, create, mails, monkeypatch):
    schedule = create()
    client.post(f"{PATH}/{schedule['id']}/run", status=202)
    with monkeypatch.context() as away:
        away.setattr(SmtpDocumentMailer, "send", raise_unavailable)
        run_waiting(runtime)
    assert client.get(f"{PATH}/{schedule['id']}").json["last_run"]["status"] == "running"
    assert mails() == {}

    with runtime.transaction() as session:
        session.execute(update(ReportJob).values(queued_at=func.now() - timedelta(seconds=31)))
    sweep_jobs()
    run_waiting(runtime)

    assert len(mails()) == 1
    assert client.get(f"{PATH}/{schedule['id']}").json["last_run"]["status"] == "done"


def raise_unavailable(self, mail):
    raise UnavailableError("The mail cannot be sent now.")


def test_a_job_whose_mail_never_goes_fails_in_the_end(client, runtime, create, monkeypatch):
    monkeypatch.setattr(SmtpDocumentMailer, "send", raise_unavailable)
    monkeypatch.setattr(running, "MAX_ATTEMPTS", 2)
    schedule = create()
    client.post(f"{PATH}/{schedule['id']}/run", status=202)
    for _ in range(2):
        run_waiting(runtime)

    assert client.get(f"{PATH}/{schedule['id']}").json["last_run"]["status"] == "failed"


def test_schedules_of_deactivated_users_rest_and_deactivated_recipients_are_skipped(
    client, runtime, create, bob, mails
):
    create(recipients=[client.user.id, bob.id])
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET is_active = false WHERE id = :id"), {"id": bob.id})
    make_due(runtime)
    start_scheduled()
    assert run_waiting(runtime) == 1
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET is_active = false"))
    make_due(runtime)

    start_scheduled()

    assert run_waiting(runtime) == 0


def test_the_subject_and_page_are_safe_from_a_schedules_name(client, runtime, create, mails):
    schedule = create(name="<b>Now</b>\tBcc: eve@example.com", report="insight", format="json")
    client.post(f"{PATH}/{schedule['id']}/run", status=202)
    run_waiting(runtime)

    mail = mails()[client.user.username]
    assert "Bcc" not in mail
    assert "<b>Now</b>" not in mail.get_body(("html",)).get_content()
    kinds = [part.get_content_type() for part in mail.iter_attachments()]
    assert kinds == ["text/html", "text/csv", "application/json"]


def test_cancelling_the_job_of_a_run_ends_the_run(client, runtime, create, mails):
    schedule = create()
    job_id = client.post(f"{PATH}/{schedule['id']}/run", status=202).json["last_run"]["job_id"]

    client.delete(f"/api/task-report-insight/jobs/{job_id}")

    assert client.get(f"{PATH}/{schedule['id']}").json["last_run"]["status"] == JobStatus.CANCELLED
    assert run_waiting(runtime) == 0


class TestWithoutMail:
    @pytest.fixture(autouse=True)
    def without_mailer(self, runtime, monkeypatch):
        monkeypatch.setattr(runtime.registry, "document_mailer", None)

    def test_schedules_are_not_offered(self, client, create):
        assert create(501)["code"] == "not_offered"
        assert client.get(PATH).json["results"] == []

    def test_a_schedule_from_before_can_be_paused(self, client, create, runtime, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(runtime.registry, "document_mailer", "any")
            path = f"{PATH}/{create()['id']}"

        assert client.patch_json(path, {"name": "Other"}, status=501).json["code"] == "not_offered"
        assert client.patch_json(path, {"is_paused": True}).json["is_paused"]
