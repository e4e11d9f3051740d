"""What `tms doctor` says about the search, `tms rebuild-search`, and the migration of existing tasks."""

import pytest
from sqlalchemy import insert, text

from tms_core.doctor import Level
from tms_core.doctor.examination import examine
from tms_core.migrations import search_table
from tms_core.migrations_runner import differences, downgrade, upgrade
from tms_core.models import User
from tms_core.models.task import TASK

ALL = "SELECT task_id, words FROM task_search ORDER BY task_id"
EXPECTED = "SELECT id, task_search_words(title, description) FROM task ORDER BY id"


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture
def system(runtime):
    """The runtime with a few tasks."""
    with runtime.transaction() as session:
        user = User(username="ann", email="ann@example.com")
        session.add(user)
        session.flush()
        rows = [{"title": f"Task {n}", "description": "über", "created_by": user.id} for n in range(25)]
        session.execute(insert(TASK), rows)
    return runtime


def execute(runtime, statement):
    with runtime.transaction() as session:
        session.execute(text(statement))


def is_complete(runtime):
    with runtime.transaction() as session:
        return session.execute(text(ALL)).all() == session.execute(text(EXPECTED)).all()


def finding(runtime):
    found = [finding for name, finding in examine(runtime) if name == "search"]
    worst = [one for one in found if one.level is not Level.OK]
    return "; ".join(one.sentence for one in worst)


FAULTS = {
    "DROP FUNCTION search_pairs(text)": "lacks the functions search_pairs(text)",
    "ALTER TABLE task DISABLE TRIGGER task_search_update": "task_search_update of task are missing or disabled",
    "DROP TRIGGER task_search_insert ON task": "task_search_insert of task are missing or disabled",
    "DROP INDEX ix_task_search_vector": "ix_task_search_vector is missing",
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_task_search_vector'::regclass": "is invalid",
    "DELETE FROM task_search WHERE task_id % 2 = 0": "tasks are not in task_search",
    "INSERT INTO task_search VALUES (1000000, ' ')": "1 deleted tasks are still in task_search",
    "UPDATE task_search SET words = ' ' WHERE task_id % 2 = 0": "newest tasks have outdated search words",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_doctor_names_a_fault_and_rebuilding_mends_it(system, tms, fault):
    assert finding(system) == ""
    execute(system, fault)
    said = finding(system)
    assert FAULTS[fault] in said
    assert "run tms rebuild-search" in said

    result = tms("rebuild-search")

    assert result.exit_code == 0
    assert "25 tasks can be searched" in result.output
    assert finding(system) == ""
    assert is_complete(system)


def test_a_missing_table_is_reported(system):
    execute(system, "ALTER TABLE task_search RENAME TO elsewhere")
    try:
        assert "task_search is missing" in finding(system)
    finally:
        execute(system, "ALTER TABLE elsewhere RENAME TO task_search")


def test_the_migration_fills_the_table_in_batches_and_reports(system, monkeypatch, caplog):
    downgrade(system, "core_0005")
    monkeypatch.setattr(search_table, "BATCH", 4)
    monkeypatch.setattr(search_table, "REPORT_EVERY", 10)
    caplog.set_level("INFO")

    upgrade(system)

    assert is_complete(system)
    assert "Search words written for 12 of about" in caplog.text
    with system.engine.connect() as connection:
        assert differences(system, connection) == []


def test_an_interrupted_migration_continues(system, monkeypatch):
    downgrade(system, "core_0005")

    def interrupt(_line):
        raise KeyboardInterrupt

    monkeypatch.setattr(search_table, "BATCH", 4)
    monkeypatch.setattr(search_table, "REPORT_EVERY", 10)
    engine = system.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, pytest.raises(KeyboardInterrupt):
        search_table.build(connection, say=interrupt)
    # Meanwhile the triggers write.
    execute(system, "UPDATE task SET title = 'changed' WHERE id % 2 = 0")
    execute(system, "DELETE FROM task WHERE id % 3 = 0")

    upgrade(system)

    assert is_complete(system)
    assert finding(system) == ""


def test_the_downgrade_restores_the_former_index(system):
    downgrade(system, "core_0005")
    with system.engine.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('task_search')")) is None
        assert connection.scalar(text("SELECT to_regclass('ix_task_search')")) is not None
        assert not connection.scalar(text("SELECT count(*) FROM pg_proc WHERE proname LIKE '%search%words'"))
        assert not connection.scalar(text("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"))

    upgrade(system)

    assert is_complete(system)
