"""`tms demo-data`: reproducible tasks, users created once, no stale lists, and a confirmation in production."""

import logging
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, func, select, text, update

from tms_core.commands import main
from tms_core.event_log.leadership import try_to_lead
from tms_core.event_log.sinks import EventSink
from tms_core.list_cache_version import KEY
from tms_core.models import OPEN_STATUSES, Priority, RelayCursor, Status, Task, TaskEvent, User
from tms_core.models.task import TASK
from tms_core.relay.cursor import ensure_cursor
from tms_core.relay.sink_transaction import deliver_batch
from tms_core.services.passwords import is_password
from tms_core.services.task_state import TaskRow, snapshot_of
from tms_local.demo.loading import PASSWORD, load
from tms_local.demo.people import people
from tms_local.demo.tasks import tasks

MIDNIGHT = datetime(2025, 3, 17, tzinfo=UTC)
TODAY = MIDNIGHT.date()
USERS = range(1, 11)


@pytest.fixture(scope="module")
def packages():
    return ("tms_local",)


@pytest.fixture
def tms(ini, runtime, tmp_path, monkeypatch):
    """Run a `tms` command on this test's system, whose settings can be overridden."""
    monkeypatch.setenv("TMS_INI", "")
    monkeypatch.setattr(logging.getLogger(), "handlers", list(logging.getLogger().handlers))

    def run(*arguments, **environment):
        path = tmp_path / "test.ini"
        lines = (f"{key} = {value}".replace("%", "%%") for key, value in ini.items())
        path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(main, ["--ini", str(path), *arguments], catch_exceptions=False)

    return run


def count_of(runtime, model):
    with runtime.transaction() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_tasks_depend_on_the_seed_only():
    first, again, other = (list(tasks(500, USERS, midnight=MIDNIGHT, seed=seed)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_tasks_have_a_plausible_distribution():
    made = list(tasks(5_000, USERS, midnight=MIDNIGHT, seed=1))

    by_status, by_priority = Counter(task.status for task in made), Counter(task.priority for task in made)
    assert by_status.most_common(1)[0][0] is Status.COMPLETED
    assert by_priority.most_common()[-1][0] is Priority.URGENT
    assert len({task.title for task in made}) > 2_000
    assert all(len(task.title) <= 200 for task in made)
    assert all(task.created_at <= task.updated_at <= MIDNIGHT for task in made)
    assert all((task.version == 1) == (task.status is Status.PENDING) for task in made)
    assert made == sorted(made, key=lambda task: task.created_at)


@pytest.mark.parametrize("number", [50, 200, 5_000])
def test_small_demos_have_tasks_due_soon_and_overdue(number):
    is_open = [task for task in tasks(number, USERS, midnight=MIDNIGHT, seed=1) if task.status is Status.PENDING]

    assert any(task.due_date in (TODAY, TODAY + timedelta(days=1)) for task in is_open)
    assert any(task.due_date and task.due_date < TODAY for task in tasks(5_000, USERS, midnight=MIDNIGHT, seed=1))


def test_people_have_distinct_names():
    names = [person.username for person in islice(people(), 10_000)]

    assert len(set(names)) == len(names)
    assert names[0] == "ada.adeyemi"


def test_a_second_load_adds_tasks_of_the_same_users(runtime):
    first = load(runtime, task_count=300, user_count=7, seed=1, midnight=MIDNIGHT)
    second = load(runtime, task_count=200, user_count=9, seed=2, midnight=MIDNIGHT)

    assert (first.new_users, second.new_users) == (7, 2)
    assert (count_of(runtime, Task), count_of(runtime, User), count_of(runtime, TaskEvent)) == (500, 9, 0)


class TestHistories:
    @pytest.fixture
    def loaded(self, runtime):
        return load(runtime, task_count=300, user_count=7, seed=1, midnight=MIDNIGHT, history=True)

    def test_each_history_leads_to_the_current_state(self, runtime, loaded):
        with runtime.transaction() as session:
            states = {row.id: snapshot_of(TaskRow(*row)) for row in session.execute(select(*TASK.c[*TaskRow._fields]))}
            events = session.execute(select(TaskEvent.__table__).order_by(TaskEvent.position)).all()

        assert [event.position for event in events] == list(range(1, loaded.events + 1))
        assert [event.created_at for event in events] == sorted(event.created_at for event in events)
        assert len(events) == sum(state["version"] for state in states.values())
        latest: dict[int, dict] = {}
        for event in events:
            snapshot = event.snapshot
            if event.kind == "created":
                assert event.task_id not in latest
                assert (snapshot["version"], snapshot["status"], event.changes) == (1, "PENDING", {})
            else:
                before = latest[event.task_id]
                assert event.changes
                assert all(old == before[name] and old != new for name, (old, new) in event.changes.items())
                changed = {name: new for name, (_, new) in event.changes.items()}
                version = {"version": before["version"] + 1, "updated_at": snapshot["updated_at"]}
                assert snapshot == {**before, **changed, **version}
            latest[event.task_id] = snapshot
        assert latest == states

    def test_histories_are_not_delivered_to_sinks(self, runtime, loaded):
        handed: list[int] = []

        class Sink(EventSink):
            def deliver(self, session, events):
                handed.extend(event.position for event in events)

        with runtime.transaction() as session:
            ensure_cursor(session, "new")

        assert deliver_batch(runtime, "new", Sink(runtime)) == 0
        assert handed == []

    def test_existing_sinks_continue_after_the_histories(self, runtime):
        with runtime.transaction() as session:
            ensure_cursor(session, "old")

        loaded = load(runtime, task_count=50, user_count=3, seed=1, midnight=MIDNIGHT, history=True)

        with runtime.transaction() as session:
            assert session.scalar(select(RelayCursor.position)) == loaded.events > 50

    def test_a_system_with_events_gets_no_histories(self, runtime, loaded):
        again = load(runtime, task_count=10, user_count=7, seed=2, midnight=MIDNIGHT, history=True)

        assert again.events == 0
        assert count_of(runtime, TaskEvent) == loaded.events

    def test_histories_are_not_written_while_a_relay_leads(self, runtime):
        with runtime.engine.connect() as relay:
            assert try_to_lead(relay)
            loaded = load(runtime, task_count=10, user_count=3, seed=1, midnight=MIDNIGHT, history=True)
            relay.invalidate()

        assert (loaded.events, count_of(runtime, Task)) == (0, 10)

    def test_the_command_reports_missing_histories(self, tms, runtime):
        result = tms("demo-data", "--tasks", "20", "--users", "3", "--history")

        assert re.search(r"with \d+ events of their histories: no mail, no push", result.output)


def test_other_accounts_are_not_used(runtime, make_user):
    real = make_user("Ada.Adeyemi")

    loaded = load(runtime, task_count=100, user_count=3, seed=1, midnight=MIDNIGHT)

    with runtime.transaction() as session:
        owners = set(session.scalars(select(Task.created_by)))
        assert real.id not in owners
        assert len(owners) == loaded.new_users == 3


def test_inactive_demo_users_get_no_tasks(runtime):
    load(runtime, task_count=1, user_count=3, seed=1, midnight=MIDNIGHT)
    with runtime.transaction() as session:
        session.execute(delete(Task))
        idle = session.scalars(update(User).where(User.id == 1).values(is_active=False).returning(User.id)).one()

    loaded = load(runtime, task_count=200, user_count=3, seed=1, midnight=MIDNIGHT)

    with runtime.transaction() as session:
        people = {one for row in session.execute(select(Task.created_by, Task.assigned_to)) for one in row}
    assert loaded.new_users == 1
    assert idle not in people


def test_a_task_that_is_created_afterwards_gets_the_next_id(runtime, make_user):
    user = make_user()
    load(runtime, task_count=100, user_count=3, seed=1, midnight=MIDNIGHT)

    with runtime.transaction() as session:
        task = Task(title="by hand", created_by=user.id)
        session.add(task)
        session.flush()

        assert task.id == 101


@pytest.mark.parametrize("loads", [1, 2])
def test_the_search_index_exists_and_is_complete(runtime, loads):
    for seed in range(loads):
        load(runtime, task_count=100, user_count=3, seed=seed, midnight=MIDNIGHT)

    with runtime.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        searched = "FROM task_search WHERE search_vector(words) @@ 'the'"
        plan = "\n".join(session.scalars(text(f"EXPLAIN SELECT count(*) {searched}")))
        found = session.scalar(text(f"SELECT count(*) {searched}"))
        with_the = session.scalar(text(r"SELECT count(*) FROM task WHERE title || ' ' || description ~* '\mthe\M'"))

    assert "ix_task_search_vector" in plan
    assert found == with_the > 0


def test_cached_lists_are_invalidated(runtime):
    runtime.redis.set(KEY, b"before")

    load(runtime, task_count=10, user_count=3, seed=1, midnight=MIDNIGHT)

    assert runtime.redis.get(KEY) not in (None, b"before")


def test_demo_users_can_sign_in(tms, runtime):
    result = tms("demo-data", "--tasks", "20", "--users", "3")

    assert result.exit_code == 0
    assert f"password {PASSWORD}, for example ada.adeyemi" in result.output
    assert "without events" in result.output
    with runtime.transaction() as session:
        hashes = set(session.scalars(select(User.password_hash)))
    assert len(hashes) == 1
    assert is_password(hashes.pop(), PASSWORD)


def test_the_option_if_empty_adds_nothing_to_existing_tasks(tms, runtime):
    tms("demo-data", "--tasks", "20", "--users", "3")

    result = tms("demo-data", "--tasks", "20", "--users", "3", "--if-empty")

    assert "nothing added" in result.output
    assert count_of(runtime, Task) == 20


def test_the_tasks_of_the_team_show_every_case(runtime):
    load(runtime, task_count=0, user_count=6, seed=1, midnight=MIDNIGHT, history=True, team=True)

    with runtime.transaction() as session:
        rows = session.scalars(select(Task)).all()
        days = {row.due_date and (row.due_date - TODAY).days for row in rows if row.status in OPEN_STATUSES}
        creators = {row.created_by for row in rows}
        administrators = session.scalars(select(User.username).where(User.is_admin)).all()
        changed = session.scalars(select(TaskEvent.task_id).where(TaskEvent.kind == "updated")).all()
        assert {row.status for row in rows} == set(Status)
        assert {row.priority for row in rows} == set(Priority)
        assert {None, -1, 0, 1, 2} < days
        assert max(day for day in days if day is not None) > 30
        assert any(len(row.title) > 150 for row in rows)
        assert any("\n- [ ] " in row.description for row in rows)
        assert any(row.assigned_to is None for row in rows)
        assert len(creators) > 2
    assert administrators == ["ada.adeyemi"]
    assert len(changed) > 20


def test_the_administrator_of_the_demo_is_for_the_embedded_database_only(tms, runtime):
    refused = tms("demo-data", "--tasks", "20", "--team", "--yes")

    assert refused.exit_code == 2
    assert "embedded database" in refused.stderr
    assert count_of(runtime, User) == 0


def test_production_needs_a_confirmation(tms, runtime, ini):
    production = {
        "TMS_ENVIRONMENT": "production",
        "TMS_JWT_PRIVATE_KEY": "8f3b1c9d7e5a4f60b2d8c6e4a1f7935d",
        "TMS_PUBLIC_URL": "https://tasks.example.com",
    }

    refused = tms("demo-data", "--tasks", "20", **production)
    accepted = tms("demo-data", "--tasks", "20", "--yes", **production)

    assert (refused.exit_code, accepted.exit_code) == (2, 0)
    assert "--yes" in refused.stderr
    assert count_of(runtime, Task) == 20
