"""The resources for administrators: settings, the state of the deployment, and the checks of `tms doctor`."""

import sys
import threading
from dataclasses import asdict, replace
from queue import Queue
from types import SimpleNamespace

import orjson
import pytest
from webtest import TestApp

from tms_core.app import configure
from tms_core.celery import app as celery_app
from tms_core.celery import use
from tms_core.doctor import background, fine
from tms_core.doctor.background import BackgroundExamination
from tms_core.errors import TooManyRequestsError
from tms_core.event_log.leadership import try_to_lead
from tms_core.event_log.sinks import EventSink
from tms_core.processes import directory
from tms_core.processes.directory import ProcessReport
from tms_core.relay.delivery import Delivery
from tms_core.relay.recent_events import RecentEvents
from tms_core.relay.relay import make_sinks
from tms_core.system_status import read_system_status
from tms_local.embedded.ports import free_port
from tms_testing.fixtures import Client, assign_all_positions

SETTINGS, SYSTEM, DOCTOR = PATHS = "/api/admin/settings", "/api/admin/system", "/api/admin/doctor"
PATIENCE = 60


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_realtime")


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.metrics.token": "a-secret-token",
        "tms.realtime.public_url": "wss://ann:pass@word@example.com/ws?token=abc",
        "tms.cors_origins": "https://a.example https://b.example",
    }


@pytest.fixture
def admin(app, make_user):
    return Client(app, make_user("root", is_admin=True))


@pytest.fixture
def app_without(ini, admin):
    """Returns a client of the administrator for another process, one of whose servers is away."""
    runtimes = []

    def make(**away):
        config = configure({**ini, **away}, web=True)
        runtimes.append(config.registry.tms)
        return Client(TestApp(config.make_wsgi_app()), admin.user)

    yield make
    for runtime in runtimes:
        runtime.close()


def by_name(admin):
    return {one["name"]: one for one in admin.get(SETTINGS).json["settings"]}


@pytest.mark.parametrize("path", PATHS)
def test_only_administrators_are_answered(app, client, path):
    assert client.get(path, status=403).json["detail"] == "Only administrators may do this."
    app.get(path, status=401)


@pytest.mark.parametrize("path", PATHS)
def test_personal_tokens_of_administrators_are_refused(app, admin, path):
    scopes = ["tasks:read", "tasks:write", "users:read"]
    token = admin.post_json("/api/api-tokens", {"name": "n", "scopes": scopes}).json["token"]

    app.get(path, headers={"Authorization": f"Bearer {token}"}, status=403)


@pytest.mark.parametrize("path", PATHS)
def test_unknown_parameters_are_refused(admin, path):
    admin.get(f"{path}?q=1", status=400)


def test_settings_have_their_values_and_sources(admin, runtime, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("TMS_BODY_LIMIT=2048\n")
    monkeypatch.setattr(runtime, "ini_path", str(tmp_path / "x.ini"))
    monkeypatch.setenv("TMS_BODY_LIMIT", "2048")
    monkeypatch.setenv("TMS_API_THREADS", "9")

    found = by_name(admin)

    assert {name: found[name]["source"] for name in ("tms.body_limit", "tms.api_threads")} == {
        "tms.body_limit": "file",
        "tms.api_threads": "environment",
    }
    assert found["tms.cors_origins"] == {
        "name": "tms.cors_origins",
        "variable": "TMS_CORS_ORIGINS",
        "package": "tms_core",
        "type": "tuple[str, ...]",
        "value": "https://a.example https://b.example",
        "default": None,
        "source": "ini",
        "is_secret": False,
        "is_set": True,
        "help": found["tms.cors_origins"]["help"],
    }
    assert (found["tms.access_log"]["value"], found["tms.access_log"]["default"]) == ("false", "true")
    assert (found["tms.timezone"]["value"], found["tms.timezone"]["source"]) == ("UTC", "default")
    assert {one["package"] for one in found.values()} == {"tms_core", "tms_api", "tms_realtime"}


def test_secrets_are_never_shown(admin, ini):
    answer = admin.get(SETTINGS)
    found = by_name(admin)

    secret = {name for name, one in found.items() if one["is_secret"]}
    assert secret == {"tms.database_url", "tms.redis_url", "tms.jwt_private_key", "tms.metrics.token"}
    assert {found[name]["value"] for name in secret} == {None}
    assert (found["tms.metrics.token"]["is_set"], found["tms.jwt_private_key"]["is_set"]) == (True, False)
    assert found["tms.realtime.public_url"]["value"] == ("wss://ann:[redacted]@example.com/ws?token=[redacted]")
    for word in ("a-secret-token", "pass@word", "abc", ini["tms.database_url"], ini["tms.redis_url"]):
        assert word not in answer.text


def test_the_state_of_a_healthy_deployment(admin, relay_once, runtime):
    admin.post_json("/api/task", {"title": "T"})
    relay_once()

    answer = admin.get(SYSTEM)
    found = answer.json

    assert answer.headers["Cache-Control"] == "no-store"
    assert [one["name"] for one in found["packages"]] == ["tms_core", "tms_api", "tms_realtime"]
    assert all(one["version"] for one in found["packages"])
    sinks = {one["name"]: (one["position"], one["waiting"], one["error"]) for one in found["relay"]["sinks"]}
    assert sinks == {"cache": (1, 0, None), "realtime": (1, 0, None)}
    assert (found["relay"]["head"], found["relay"]["unnumbered"]) == (1, 0)
    assert found["queues"] == [{"name": "tms", "waiting": 0, "running": 0}]
    assert {one["name"]: one["status"] for one in found["services"]} == {"database": "ok", "redis": "ok"}
    assert found["services"][0]["version"].startswith("PostgreSQL ")


def test_queued_and_taken_messages_are_counted(admin, runtime):
    use(runtime)

    def counts():
        (queue,) = admin.get(SYSTEM).json["queues"]
        return queue["waiting"], queue["running"]

    celery_app.send_task("tms.api.forget_ended_sessions")
    assert counts() == (1, 0)
    with celery_app.connection_for_read() as connection, connection.channel() as channel:
        message = channel.basic_get("tms")
        assert counts() == (0, 1)
        message.ack()
    assert counts() == (0, 0)


def test_a_sink_that_lags_or_has_not_started_is_told(admin, runtime):
    admin.post_json("/api/task", {"title": "T"})
    before = admin.get(SYSTEM).json["relay"]
    make_sinks(runtime)
    with runtime.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE task_event SET created_at = now() - interval '90 s'")
    assign_all_positions(runtime)

    after = {one["name"]: one for one in admin.get(SYSTEM).json["relay"]["sinks"]}

    assert (before["leads"], before["unnumbered"]) == (False, 1)
    assert {(one["position"], one["waiting"], one["lag_seconds"]) for one in before["sinks"]} == {(None, None, None)}
    assert (after["realtime"]["position"], after["realtime"]["waiting"]) == (0, 1)
    assert after["realtime"]["lag_seconds"] >= 90


def test_the_error_of_a_sink_is_told_until_a_delivery_succeeds(admin, runtime):
    class Failing(EventSink):
        error: Exception | None = ValueError("no space at https://ann:secret@example.com")

        def deliver(self, session, events):
            if self.error:
                raise self.error

    sink = Failing(runtime)
    make_sinks(runtime)
    admin.post_json("/api/task", {"title": "T"})
    assign_all_positions(runtime)
    delivery = Delivery(runtime, "realtime", sink, RecentEvents())

    def error():
        (found,) = [one for one in admin.get(SYSTEM).json["relay"]["sinks"] if one["name"] == "realtime"]
        return found["error"], found["failing_since"] is not None

    assert not delivery._deliver_all()
    assert error() == ("ValueError: no space at https://ann:[redacted]@example.com", True)
    # A relay that takes over does not know of the error.
    sink.error = None
    assert Delivery(runtime, "realtime", sink, RecentEvents())._deliver_all()
    assert error() == (None, False)


def test_processes_are_alive_or_dead_and_missing_kinds_are_named(admin, runtime):
    relay = replace(ProcessReport.of_this_process("relay"), pid=4242)
    directory.store(runtime.redis, relay)
    directory.store(runtime.redis, replace(relay, kind="beat", seen_at=relay.seen_at - 31))
    directory.store(runtime.redis, replace(relay, kind="worker", seen_at=relay.seen_at - directory.DEAD_SECONDS - 1))
    runtime.redis.hset(directory.KEY, "other", orjson.dumps({**asdict(relay), "colour": "red"}))

    found = admin.get(SYSTEM).json

    assert found["processes_known"]
    assert [(one["kind"], one["is_alive"]) for one in found["processes"]] == [
        ("api", True),
        ("relay", True),
        ("beat", False),
    ]
    assert found["missing_kinds"] == ["worker", "beat", "realtime"]
    assert found["processes"][1]["pid"] == 4242
    assert found["processes"][1]["version"]
    # Those that died long ago are forgotten.
    assert not any(b"worker" in name for name in runtime.redis.hkeys(directory.KEY))


def test_a_process_that_cannot_start_leaves_few_reports():
    one = ProcessReport("api", "h", 1, "1", 0.0, 0.0)
    dead = [replace(one, pid=pid, seen_at=100.0 + pid) for pid in range(20)]
    alive = replace(one, pid=99, seen_at=990.0)

    outdated = directory.outdated([*dead, alive], 1000.0)

    assert outdated == {report.name for report in dead[: -directory.MAX_DEAD]}


def test_while_redis_is_away_the_answer_says_so(app_without, relay_once):
    found = app_without(**{"tms.redis_url": f"redis://:secret@127.0.0.1:{free_port()}/0"}).get(SYSTEM)

    assert found.json["services"][1]["status"] == "away"
    assert "refused" in found.json["services"][1]["detail"]
    assert "secret" not in found.text
    assert [one["kind"] for one in found.json["processes"]] == ["api"]
    assert (found.json["processes_known"], found.json["missing_kinds"]) == (False, None)
    assert found.json["queues"] == [{"name": "tms", "waiting": None, "running": None}]
    assert found.json["relay"]["head"] == 0


def test_while_the_database_is_away_the_rest_is_known(ini, runtime):
    away = configure(
        {**ini, "tms.database_url": f"postgresql://tms:secret@127.0.0.1:{free_port()}/tms"}, web=False
    ).registry.tms

    status = read_system_status(away)

    assert (status.relay.leads, status.relay.head, status.relay.sinks) == (
        None,
        None,
        {"cache": None, "realtime": None},
    )
    assert [one.status for one in status.services] == ["away", "ok"]
    assert "secret" not in status.services[0].detail
    assert status.processes_known


def test_a_leading_relay_is_told(admin, runtime):
    with runtime.engine.connect() as connection:
        connection.detach()
        assert try_to_lead(connection)

        assert admin.get(SYSTEM).json["relay"]["leads"]


@pytest.fixture
def check(runtime, monkeypatch):
    """A check of `tms doctor` that ends when the test lets it, and counts its runs."""
    one = SimpleNamespace(may_end=threading.Event(), runs=0, error=None)

    def run(_runtime):
        one.runs += 1
        assert one.may_end.wait(PATIENCE)
        if one.error:
            raise one.error
        yield fine("it ended")

    monkeypatch.setitem(sys.modules, "slow_check", SimpleNamespace(run=run))
    monkeypatch.setitem(runtime.registry.doctor_checks, "slow", "slow_check:run")
    yield one
    one.may_end.set()


@pytest.fixture
def examination(runtime, app):
    """Replace the examination of the process, which keeps its findings over tests."""

    def make(time_limit=PATIENCE, **options):
        app.app.registry.examination = BackgroundExamination(runtime, time_limit=time_limit, **options)
        return app.app.registry.examination

    return make


def test_the_findings_are_those_of_tms_doctor(admin, examination, check):
    examination()
    check.may_end.set()

    found = admin.get(DOCTOR).json

    assert found["is_complete"]
    assert [one["check"] for one in found["findings"]][:3] == ["settings", "database", "migrations"]
    assert {"check": "slow", "status": "ok", "message": "it ended", "advice": None} in found["findings"]
    assert {
        "check": "relay",
        "status": "bad",
        "message": "no relay has run yet",
        "advice": "start tms relay (tms up and tms.target start it too).",
    } in found["findings"]


def test_findings_are_kept_for_some_seconds(admin, examination, check):
    now = SimpleNamespace(seconds=0.0)
    examination(clock=lambda: now.seconds)
    check.may_end.set()

    first = admin.get(DOCTOR).json
    second = admin.get(DOCTOR).json
    now.seconds = background.MAX_AGE + 1
    third = admin.get(DOCTOR).json

    assert first == second
    assert third["generated_at"] > first["generated_at"]
    assert check.runs == 2


def test_after_the_time_limit_the_findings_so_far_are_returned_and_no_second_examination_begins(
    admin, examination, check
):
    examination(time_limit=0.5)

    for _ in range(2):
        found = admin.get(DOCTOR).json
        assert not found["is_complete"]
        names = [one["check"] for one in found["findings"]]
        assert "disk" in names
        assert "slow" not in names
    assert check.runs == 1


def test_few_callers_wait_for_an_examination(examination, check):
    one = examination()
    results: Queue[object] = Queue()

    def call():
        try:
            results.put(one.report().is_complete)
        except TooManyRequestsError as error:
            results.put(error)

    for _ in range(background.MAX_WAITING + 1):
        threading.Thread(target=call).start()

    assert isinstance(results.get(timeout=PATIENCE), TooManyRequestsError)
    check.may_end.set()
    assert [results.get(timeout=PATIENCE) for _ in range(background.MAX_WAITING)] == [True] * background.MAX_WAITING


def test_a_check_that_raises_ends_the_examination_with_a_finding(admin, examination, check):
    examination()
    check.error = ZeroDivisionError("by zero")
    check.may_end.set()

    found = admin.get(DOCTOR).json

    assert found["is_complete"]
    assert found["findings"][-1]["message"] == "a check failed: ZeroDivisionError"
