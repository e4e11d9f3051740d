"""`tms doctor` on a healthy system, and on systems with one problem each."""

import re
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from tms_core.doctor import Level
from tms_core.doctor.database import judge_clock, judge_version
from tms_core.doctor.disk import judge_space
from tms_core.doctor.examination import examine
from tms_core.doctor.redis import judge_memory
from tms_core.doctor.redis import judge_version as judge_redis_version
from tms_core.event_log.leadership import try_to_lead

GIBIBYTE = 1 << 30
PATIENCE = 60


@pytest.fixture(scope="module")
def packages():
    return ("tms_api",)


@pytest.fixture
def leading_relay(runtime):
    """Hold the leader's lock and register the sinks, like a running relay."""
    with runtime.engine.connect() as connection:
        connection.detach()
        deadline = time.monotonic() + PATIENCE
        # The server may still hold the lock of the previous test's leader.
        while not try_to_lead(connection):
            assert time.monotonic() < deadline
        yield


def levels(runtime):
    """Return the worst level of each check."""
    order = [Level.OK, Level.WARNING, Level.BAD]
    worst = {}
    for name, finding in examine(runtime):
        worst[name] = max(worst.get(name, Level.OK), finding.level, key=order.index)
    return worst


def sentences(runtime, name):
    return " ".join(finding.sentence for check, finding in examine(runtime) if check == name)


@contextmanager
def stamped(runtime, change):
    """Replace the revisions in the database by `change(revisions)`."""
    before = take_revisions(runtime)
    put_revisions(runtime, change(before))
    yield
    take_revisions(runtime)
    put_revisions(runtime, before)


def take_revisions(runtime):
    with runtime.transaction() as session:
        return session.scalars(text("DELETE FROM alembic_version RETURNING version_num")).all()


def put_revisions(runtime, revisions):
    with runtime.transaction() as session:
        for revision in revisions:
            session.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def test_a_healthy_system_has_no_bad_finding(tms, leading_relay, relay_once):
    relay_once()

    result = tms("doctor")

    assert result.exit_code == 0
    assert re.findall(r"^\w+ +ok", result.stdout, re.MULTILINE) == [
        f"{name:10}  ok"
        for name in ("settings", "database", "migrations", "accounts", "search", "clock", "relay", "redis", "disk")
    ]


def test_waiting_events_without_a_relay_are_reported(tms, client):
    client.post_json("/api/task", {"title": "One"})

    result = tms("doctor")

    assert result.exit_code == 1
    assert "1 event wait" in result.stdout
    assert "start tms relay" in result.stdout


def test_the_doctor_advises_only_the_start_before_the_first_start(runtime):
    found = sentences(runtime, "relay")

    assert found == "no relay has run yet: start tms relay (tms up and tms.target start it too)."


def test_a_stuck_sink_is_named(runtime, leading_relay, client, relay_once):
    relay_once()
    client.post_json("/api/task", {"title": "One"})
    relay_once()
    with runtime.transaction() as session:
        session.execute(text("UPDATE relay_cursor SET position = 0"))
        session.execute(text("UPDATE task_event SET created_at = now() - interval '1 minute'"))

    assert levels(runtime)["relay"] is Level.WARNING
    assert "the sink cache is 1 event, 60 s, behind" in sentences(runtime, "relay")


def test_events_without_position_are_bad_although_a_relay_leads(runtime, leading_relay, client, relay_once):
    relay_once()
    client.post_json("/api/task", {"title": "One"})
    with runtime.transaction() as session:
        session.execute(text("UPDATE task_event SET created_at = now() - interval '1 minute'"))

    assert levels(runtime)["relay"] is Level.BAD


def test_a_sink_without_a_cursor_asks_for_a_restart_of_the_relay(runtime, leading_relay):
    assert "the sink cache has not started yet: restart tms relay." in sentences(runtime, "relay")


def test_accounts_that_are_spelled_alike_are_named(runtime, make_user):
    make_user("fish")
    twin = make_user("\ufb01sh\x1b[2J")
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET username_key = NULL WHERE id = :id"), {"id": twin.id})

    assert levels(runtime)["accounts"] is Level.WARNING
    assert f"of account {twin.id} (\ufb01sh [2J) is another account's" in sentences(runtime, "accounts")


def test_missing_migrations_ask_for_tms_migrate(runtime):
    with stamped(runtime, lambda revisions: []):
        found = levels(runtime)["migrations"], sentences(runtime, "migrations")

    assert found[0] is Level.BAD
    assert "run tms migrate" in found[1]


def test_tables_of_a_removed_package_are_reported_with_the_command_to_drop_them(runtime):
    with stamped(runtime, lambda revisions: [*revisions, "elsewhere_0001"]):
        found = levels(runtime)["migrations"], sentences(runtime, "migrations")

    assert found[0] is Level.WARNING
    assert re.search(r"elsewhere_0001 .*alembic downgrade elsewhere@base", found[1])


def test_a_redis_that_may_evict_queued_tasks_is_a_warning(runtime):
    before = runtime.redis.config_get("maxmemory-policy")
    runtime.redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert levels(runtime)["redis"] is Level.WARNING
        assert "set it to volatile-lru" in sentences(runtime, "redis")
    finally:
        runtime.redis.config_set("maxmemory-policy", before["maxmemory-policy"])


def test_unavailable_servers_are_bad_and_dependent_checks_are_skipped(tms, monkeypatch):
    monkeypatch.setenv("TMS_DATABASE_URL", "postgresql://tms:geheim@127.0.0.1:9/tms")
    monkeypatch.setenv("TMS_REDIS_URL", "redis://127.0.0.1:9/0")

    result = tms("doctor", env={"COLUMNS": "300"})

    assert result.exit_code == 1
    assert re.search(r"database +bad +does not answer at .*127.0.0.1:9/tms .*set tms.database_url", result.stdout)
    assert re.search(r"migrations +warning +not checked", result.stdout)
    assert re.search(r"redis +bad +does not answer", result.stdout)
    assert "geheim" not in result.stdout


def test_all_invalid_settings_are_named_with_valid_values(tms, monkeypatch):
    monkeypatch.setenv("TMS_TIMEZONE", "Mars")
    monkeypatch.setenv("TMS_REDIS_URL", "http://localhost")

    result = tms("doctor", env={"COLUMNS": "300"})

    assert result.exit_code == 1
    assert re.search(r"settings +bad +tms.timezone \(or TMS_TIMEZONE\): must be an IANA time zone", result.stdout)
    assert re.search(r"settings +bad +tms.redis_url \(or TMS_REDIS_URL\): must begin with redis://", result.stdout)


def test_every_setting_is_listed_with_its_value_and_source_and_no_secret(tms, monkeypatch):
    monkeypatch.setenv("TMS_JWT_PRIVATE_KEY", "0123456789abcdefghijklmnopqrstuvwxyz")
    monkeypatch.setenv("TMS_TIMEZONE", "Europe/Berlin")

    lines = tms("doctor", "--settings").stdout.splitlines()

    assert "tms.timezone = Europe/Berlin" in lines
    assert "    TMS_TIMEZONE, str, default UTC; from environment" in lines
    assert "tms.jwt_private_key = (hidden)" in lines
    assert "    TMS_REDIS_TIMEOUT, float, default 0.05; from ini" in lines
    assert "    TMS_API_CACHE_SECONDS, int, default 300; from default" in lines
    assert not any("0123456789" in line for line in lines)


def test_an_old_postgresql_is_bad():
    assert judge_version(14).level is Level.BAD
    assert judge_version(15).level is Level.OK


def test_clocks_may_differ_by_two_seconds():
    assert judge_clock(-1.9).level is Level.OK
    assert judge_clock(2.1).sentence.startswith("the database's clock is 2.1 s ahead of this host's")
    assert "behind" in judge_clock(-2.1).sentence


def test_an_old_redis_is_bad_and_valkey_is_named():
    assert judge_redis_version("6.0.16").level is Level.BAD
    assert judge_redis_version("7.2.4", "9.1.0").sentence == "Valkey 9.1.0"


def test_a_nearly_full_redis_without_eviction_is_a_warning():
    about = {"maxmemory": 100, "maxmemory_policy": "noeviction", "used_memory": 95}

    assert [finding.level for finding in judge_memory(about)] == [Level.WARNING]
    assert list(judge_memory(about | {"used_memory": 50})) == []


def test_little_disk_space_is_a_warning_and_none_is_bad(tmp_path):
    assert judge_space(tmp_path, 5 * GIBIBYTE).level is Level.OK
    assert judge_space(tmp_path, GIBIBYTE // 2).level is Level.WARNING
    assert judge_space(tmp_path, GIBIBYTE // 100).level is Level.BAD
