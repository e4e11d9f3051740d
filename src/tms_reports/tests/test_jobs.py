"""Report jobs over the real application, run in this process as a worker runs them."""

import threading
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import func, text, update

from tms_core.celery import use
from tms_core.permissions import Actor
from tms_core.user_messages import CHANNEL
from tms_reports.job_queue import RUN_JOB
from tms_reports.jobs import running, sweeping
from tms_reports.jobs.running import Attempt, JobRunner
from tms_reports.jobs.schemas import Job
from tms_reports.models import JobStatus, ReportJob
from tms_reports.services import ReportService
from tms_reports.settings import ReportSettings
from tms_reports.tasks import run_job, sweep_jobs

PATH = "/api/task-report-insight/jobs"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports")


@pytest.fixture(autouse=True)
def worker(runtime):
    """This process as a worker."""
    use(runtime)


@pytest.fixture
def start(client):
    def run(report="insight", style="json", **parameters):
        return client.post_json(PATH, {"report": report, "parameters": parameters, "format": style}, status=202).json

    return run


@pytest.fixture
def messages(runtime):
    """Returns the messages to users since the last call."""
    pubsub = runtime.redis.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(CHANNEL)
    assert pubsub.get_message(timeout=5) is None

    def read():
        found = []
        while message := pubsub.get_message(timeout=0.05):
            found.append(orjson.loads(message["data"]))
        return found

    yield read
    pubsub.close()


def age(runtime, **values):
    """Set columns of all jobs; numbers are seconds ago."""
    past = {name: func.now() - timedelta(seconds=seconds) for name, seconds in values.items()}
    with runtime.transaction() as session:
        session.execute(update(ReportJob).values(**past))


def queued(runtime):
    """The arguments of the Celery messages in the queue."""
    bodies = runtime.redis.lrange("tms:celery:tms", 0, -1)
    assert all(orjson.loads(body)["headers"]["task"] == RUN_JOB for body in bodies)
    return [orjson.loads(body)["headers"]["argsrepr"] for body in bodies]


@pytest.mark.parametrize("report", ["insight", "trend", "burndown", "cycle-time", "workload", "aging"])
def test_a_job_has_the_result_of_the_report(client, start, report):
    client.post_json("/api/task", {"title": "t", "priority": "HIGH"})
    job = start(report, priority=["HIGH", "LOW"])

    run_job(job["id"])

    found = client.get(f"{PATH}/{job['id']}")
    Job.model_validate_json(found.text)
    assert (found.json["status"], found.json["done"], found.json["error"]) == ("done", found.json["all"], None)
    assert found.json["parameters"] == {"priority": ["HIGH", "LOW"]}
    result = client.get(found.json["result_url"]).json
    path = "" if report == "insight" else f"/{report}"
    direct = client.get(f"/api/task-report-insight{path}?priority=HIGH,LOW").json
    variable = dict.fromkeys(("generated_at", "elapsed_ms", "threads"))
    assert {**result, **variable} == {**direct, **variable}


@pytest.mark.parametrize(("style", "kind"), [("csv", "text/csv"), ("html", "text/html")])
def test_a_result_has_the_format_that_was_asked_for(client, start, style, kind):
    job = start("workload", style, limit=5)
    run_job(job["id"])

    response = client.get(f"{PATH}/{job['id']}/result")

    assert response.content_type == kind
    assert ("Content-Security-Policy" in response.headers) is (style == "html")
    assert ("Content-Disposition" in response.headers) is (style == "csv")


def test_a_new_job_is_queued_and_found_at_its_location(client, runtime, start):
    response = client.post_json(PATH, {"report": "aging"}, status=202)

    job = client.get(response.headers["Location"]).json
    assert job == response.json == client.get(PATH).json["results"][0]
    assert (job["status"], job["done"], job["all"], job["result_url"]) == ("waiting", 0, None, None)
    assert queued(runtime) == [f"({job['id']},)"]
    error = client.get(f"{PATH}/{job['id']}/result", status=409).json
    assert (error["code"], error["params"]) == ("report_job_not_done", {"status": "waiting"})


def test_a_user_has_one_job_at_a_time(client, client_of, bob, start):
    first = start()
    assert client.post_json(PATH, {"report": "trend"}, status=409).json["code"] == "report_job_running"
    client_of(bob).post_json(PATH, {"report": "trend"}, status=202)

    run_job(first["id"])
    start()


def test_only_the_user_sees_a_job_not_even_an_administrator(client, client_of, make_user, start):
    job = start()

    for other in (make_user("bob"), make_user("root", is_admin=True)):
        assert client_of(other).get(PATH).json["results"] == []
        for method, path in (("get", ""), ("get", "/result"), ("delete", "")):
            getattr(client_of(other), method)(f"{PATH}/{job['id']}{path}", status=404)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"report"}),
        ({"report": "sums"}, {"report"}),
        ({"report": "trend", "format": "xlsx"}, {"format"}),
        ({"report": "trend", "parameters": {"days": 0}}, {"parameters.days"}),
        ({"report": "insight", "parameters": {"days": 7}}, {"parameters.days"}),
        ({"report": "aging", "parameters": {"colour": "red"}}, {"parameters.colour"}),
        ({"report": "burndown", "parameters": {"from": "2025-02-02", "to": "2025-02-01"}}, {"parameters.to"}),
        ({"report": "insight", "parameters": {"q": "-shed"}}, {"parameters.q"}),
        ({"report": "aging", "parameters": {"assigned_to": [1, "bob"]}}, {"parameters.assigned_to.1"}),
        ({"report": "aging", "parameters": {"created_by": [True]}}, {"parameters.created_by.0"}),
        ({"report": "aging", "parameters": {"due_date": ["none", "soon"]}}, {"parameters.due_date.1"}),
        ({"report": "aging", "parameters": {"due_date": [{}]}}, {"parameters.due_date.0"}),
    ],
)
def test_bad_bodies_are_rejected_at_once(client, body, fields):
    errors = client.post_json(PATH, body, status=400).json["errors"]

    assert [error["field"] for error in errors] == [*fields]
    assert client.get(PATH).json["results"] == []


def test_progress_is_pushed_to_the_user(client, start, messages, monkeypatch):
    monkeypatch.setattr(running, "ANNOUNCEMENT", 0)
    job = start("trend")
    run_job(job["id"])

    found = messages()
    assert {message["user"] for message in found} == {client.user.id}
    states = [message["message"] for message in found]
    assert all(state["type"] == "report_job" and state["id"] == job["id"] for state in states)
    assert [(state["status"], state["done"], state["all"]) for state in states] == [
        ("running", 0, None), *(("running", done, 5) for done in (1, 2, 3, 4, 5)), ("done", 5, 5),
    ]  # fmt: skip


def test_a_waiting_job_can_be_cancelled_and_then_deleted(client, start, messages):
    job = start()
    client.delete(f"{PATH}/{job['id']}")

    assert messages()[-1]["message"]["status"] == "cancelled"
    run_job(job["id"])
    cancelled = client.get(f"{PATH}/{job['id']}").json
    assert (cancelled["status"], cancelled["result_url"]) == ("cancelled", None)
    start()
    client.delete(f"{PATH}/{job['id']}")
    client.get(f"{PATH}/{job['id']}", status=404)


def test_cancelling_a_running_job_ends_its_statement(client, runtime, start, monkeypatch):
    """The statement sleeps; it is cancelled once the heartbeat finds the job cancelled."""
    monkeypatch.setattr(running, "HEARTBEAT", 0.05)
    monkeypatch.setattr("tms_reports.requests.ReportRequest.compute", sleep_in_the_database)
    job = start()
    worker = threading.Thread(target=run_job, args=(job["id"],))
    worker.start()
    while client.get(f"{PATH}/{job['id']}").json["all"] is None:
        pass
    client.delete(f"{PATH}/{job['id']}")

    worker.join(timeout=20)

    assert not worker.is_alive()
    assert client.get(f"{PATH}/{job['id']}").json["status"] == "cancelled"


def sleep_in_the_database(self, runtime, reports, actor, *, progress, is_cancelled, statement_timeout):
    with reports.scans.open(is_cancelled=is_cancelled, statement_timeout=statement_timeout) as scan:
        progress(0, 1)
        scan.connection.execute(text("SELECT pg_sleep(60)"))


def test_a_statement_that_takes_too_long_fails_the_job(client, runtime, start, monkeypatch):
    monkeypatch.setattr("tms_reports.requests.ReportRequest.compute", sleep_in_the_database)
    settings = runtime.settings(ReportSettings).model_copy(update={"job_timeout": 0.1})
    monkeypatch.setitem(runtime.groups, ReportSettings, settings)
    job = start()

    run_job(job["id"])

    found = client.get(f"{PATH}/{job['id']}").json
    assert (found["status"], found["error"]) == ("failed", running.TOO_SLOW)


def test_a_job_waits_while_the_database_has_conflicting_work(client, runtime, start, monkeypatch):
    def conflict(self, runtime, *args, **options):
        with runtime.engine.connect() as connection:
            connection.execute(text("LOCK TABLE task IN ACCESS EXCLUSIVE MODE NOWAIT"))

    job = start()
    with monkeypatch.context() as patch, runtime.engine.connect() as writer:
        writer.execute(text("LOCK TABLE task IN ROW EXCLUSIVE MODE"))
        patch.setattr("tms_reports.requests.ReportRequest.compute", conflict)
        run_job(job["id"])

    assert client.get(f"{PATH}/{job['id']}").json["status"] == "waiting"
    run_job(job["id"])
    assert client.get(f"{PATH}/{job['id']}").json["status"] == "done"


def test_a_fault_fails_the_job_and_hides_its_reason(client, start, monkeypatch, caplog):
    def fail(*args, **options):
        raise RuntimeError("secret")

    monkeypatch.setattr("tms_reports.requests.ReportRequest.compute", fail)
    job = start()

    run_job(job["id"])

    found = client.get(f"{PATH}/{job['id']}").json
    assert (found["status"], found["error"]) == ("failed", running.FAULT)
    assert "secret" in caplog.text


def test_a_result_that_is_too_large_fails_the_job(client, runtime, start, monkeypatch):
    settings = runtime.settings(ReportSettings).model_copy(update={"job_result_bytes": 100})
    monkeypatch.setitem(runtime.groups, ReportSettings, settings)
    job = start()

    run_job(job["id"])

    assert "larger than 100 bytes" in client.get(f"{PATH}/{job['id']}").json["error"]


def test_a_dead_workers_job_is_run_again_and_the_old_attempt_writes_nothing(client, runtime, start):
    job = start()
    dead = JobRunner(runtime)._claim(job["id"])
    runtime.redis.flushall()
    sweep_jobs()
    assert client.get(f"{PATH}/{job['id']}").json["status"] == "running"
    age(runtime, heartbeat_at=61)

    sweep_jobs()

    assert client.get(f"{PATH}/{job['id']}").json["status"] == "waiting"
    assert queued(runtime) == [f"({job['id']},)"]
    run_job(job["id"])
    assert Attempt(runtime, dead).write(status=JobStatus.FAILED) is False
    assert client.get(f"{PATH}/{job['id']}").json["status"] == "done"


def test_a_job_whose_workers_die_again_and_again_fails(client, runtime, start):
    job = start()
    for _ in range(sweeping.MAX_DEATHS):
        assert JobRunner(runtime)._claim(job["id"])
        age(runtime, heartbeat_at=61)
        sweep_jobs()

    found = client.get(f"{PATH}/{job['id']}").json
    assert (found["status"], found["error"]) == ("failed", sweeping.DIED)
    start()


def test_a_lost_message_is_sent_again(client, runtime, start):
    job = start()
    runtime.redis.flushall()
    sweep_jobs()
    assert queued(runtime) == []
    age(runtime, queued_at=31)

    for _ in range(2):
        sweep_jobs()

    assert queued(runtime) == [f"({job['id']},)"]


def test_a_job_waits_while_too_many_reports_are_counted(client, runtime, start):
    settings = runtime.settings(ReportSettings)
    reports = ReportService(runtime)
    scans = [reports.scans.open() for _ in range(settings.concurrent)]
    runtime.groups[ReportSettings] = settings.model_copy(update={"wait": 0.0})
    job = start()
    try:
        for scan in scans:
            scan.__enter__()
        run_job(job["id"])
        assert client.get(f"{PATH}/{job['id']}").json["status"] == "waiting"
    finally:
        for scan in scans:
            scan.__exit__(None, None, None)
        runtime.groups[ReportSettings] = settings
        reports.close()

    run_job(job["id"])
    assert client.get(f"{PATH}/{job['id']}").json["status"] == "done"


def test_results_are_deleted_when_they_expire(client, runtime, start):
    job = start()
    run_job(job["id"])
    sweep_jobs()
    assert client.get(f"{PATH}/{job['id']}").json["expires_at"]
    age(runtime, expires_at=1)

    sweep_jobs()

    client.get(f"{PATH}/{job['id']}", status=404)


def test_a_user_keeps_the_newest_results_only(client, runtime, start, monkeypatch):
    settings = runtime.settings(ReportSettings).model_copy(update={"jobs_per_user": 2})
    monkeypatch.setitem(runtime.groups, ReportSettings, settings)
    jobs = []
    for _ in range(4):
        jobs.append(start()["id"])
        run_job(jobs[-1])

    assert [job["id"] for job in client.get(PATH).json["results"]] == [jobs[3], jobs[2]]


def test_the_job_of_a_deactivated_user_fails(client, runtime, start):
    job = start()
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET is_active = false WHERE id = :id"), {"id": client.user.id})

    run_job(job["id"])

    with runtime.transaction() as session:
        found = session.get_one(ReportJob, job["id"])
        assert (found.status, found.error) == (JobStatus.FAILED, running.NO_ACCOUNT)


def test_me_is_the_user_of_the_job(client, start):
    client.post_json("/api/task", {"title": "t", "assigned_to": client.user.id})
    client.post_json("/api/task", {"title": "t"})
    job = start(assigned_to=["me"])
    run_job(job["id"])

    assert client.get(f"{PATH}/{job['id']}/result").json["total"] == 1
    assert Actor(client.user.id) == client.user.actor
