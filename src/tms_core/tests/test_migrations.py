from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from tms_core.app import configure
from tms_core.migrations_runner import differences, downgrade, foreign_revisions, missing_revisions, upgrade
from tms_testing.fixtures import ALL_PACKAGES

CORE = {
    "account_link",
    "alembic_version",
    "personal_token",
    "refresh_token",
    "relay_cursor",
    "task",
    "task_event",
    "task_search",
    "users",
}


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture
def system(ini):
    """The runtime of a database that has the core's tables."""
    runtime = configure(ini, web=False).registry.tms
    upgrade(runtime)
    yield runtime
    runtime.close()


@pytest.fixture
def whole_system(ini, system):
    """The runtime of all packages over the same database."""
    includes = {"pyramid.includes": "\n".join(ALL_PACKAGES), "tms.notifications.transport": "file"}
    runtime = configure({**ini, **includes}, web=False).registry.tms
    upgrade(runtime)
    yield runtime
    for label in runtime.registry.migrations:
        if label != "core":
            downgrade(runtime, f"{label}@base")
    runtime.close()


def names(runtime, query: str) -> set[str]:
    with runtime.engine.connect() as connection:
        return set(connection.scalars(text(query)))


def tables(runtime) -> set[str]:
    return names(runtime, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


def enums(runtime) -> set[str]:
    return names(runtime, "SELECT typname FROM pg_type WHERE typtype = 'e'")


def test_upgrading_creates_the_tables_of_the_included_packages_only(system):
    assert tables(system) == CORE


def test_the_migrated_schema_equals_the_models(system):
    with system.engine.connect() as connection:
        assert differences(system, connection) == []


def test_the_migrated_schema_of_all_packages_equals_their_models(whole_system):
    with whole_system.engine.connect() as connection:
        assert differences(whole_system, connection) == []


def test_a_drift_is_detected(system):
    with system.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("ALTER TABLE task DROP COLUMN description CASCADE"))
        connection.execute(text("DROP INDEX ix_task_due_date_priority"))

        assert len(differences(system, connection)) == 2
        transaction.rollback()


def test_downgrading_drops_everything_and_upgrading_recreates_it(system):
    downgrade(system, "core@base")

    assert tables(system) == {"alembic_version"}
    assert enums(system) == set()
    with system.engine.connect() as connection:
        assert missing_revisions(system, connection) != set()

    assert upgrade(system) != []
    assert tables(system) == CORE
    with system.engine.connect() as connection:
        assert differences(system, connection) == []
        assert missing_revisions(system, connection) == set()


def test_existing_sessions_begin_with_their_first_token(system):
    downgrade(system, "core_0001")
    with system.engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO users (id, username, email) OVERRIDING SYSTEM VALUE VALUES (1, 'ann', 'ann@example.com');
            INSERT INTO refresh_token (user_id, family, digest, created_at, expires_at)
            SELECT 1, md5(login::text)::uuid, sha256((login * 10 + day)::text::bytea),
                   date '2027-01-01' + login + day, now()
            FROM generate_series(1, 2) AS login, generate_series(1, 3) AS day
        """)
        )

    upgrade(system)

    with system.engine.begin() as connection:
        began = connection.execute(text("SELECT DISTINCT family, began_at FROM refresh_token ORDER BY began_at")).all()
        connection.execute(text("DELETE FROM users"))
    assert [f"{row.began_at:%m-%d}" for row in began] == ["01-03", "01-04"]


def test_existing_accounts_get_keys_except_duplicates(system):
    downgrade(system, "core_0004-1")
    names = [
        (1, "ﬁsh", "one@example.com"),
        (2, "FISH", "two@example.com"),
        (3, "straße", "x@münchen.de"),
        (4, "Fıx", "x@xn--mnchen-3ya.de"),
        (5, "AdminI", "I@Example.COM"),
        (6, "\ufdfa" * 120, '"i"@example.com'),
        (7, "gone", None),
    ]
    with system.engine.begin() as connection:
        insert = "INSERT INTO users (id, username, email, is_active, deleted_at) OVERRIDING SYSTEM VALUE VALUES"
        connection.execute(
            text(f"{insert} (:id, :name, :email, :id < 7, CASE WHEN :id = 7 THEN now() END)"),
            [{"id": user_id, "name": name, "email": email} for user_id, name, email in names],
        )

    upgrade(system)

    with system.engine.begin() as connection:
        rows = connection.execute(text("SELECT username, email, username_key, email_key FROM users ORDER BY id")).all()
        connection.execute(text("DELETE FROM users"))
    assert [row[:2] for row in rows] == [row[1:] for row in names]
    assert [row[2:] for row in rows] == [
        # The canonical spelling has the key, although the account is the younger one.
        (None, "one@example.com"),
        ("fish", "two@example.com"),
        ("strasse", None),
        ("fıx", "x@xn--mnchen-3ya.de"),
        ("admini", "i@example.com"),
        # Too long for an index entry.
        (None, None),
        ("gone", None),
    ]


def test_a_second_upgrade_does_nothing(system):
    assert upgrade(system) == []


def test_removing_a_package_keeps_the_other_tables(whole_system, system):
    labels = [label for label in whole_system.registry.migrations if label != "core"]
    with system.engine.connect() as connection:
        assert foreign_revisions(system, connection) != set()

    for label in labels:
        downgrade(whole_system, f"{label}@base")

    assert tables(system) == CORE
    assert enums(system) == {"account_link_purpose", "task_event_kind", "task_priority", "task_status"}
    with system.engine.connect() as connection:
        assert foreign_revisions(system, connection) == set()


def test_concurrent_migrations_are_serialized(system):
    downgrade(system, "core@base")
    start = Barrier(2)

    def migrate(_) -> int:
        start.wait(10)
        return len(upgrade(system))

    with ThreadPoolExecutor(2) as threads:
        applied = sorted(threads.map(migrate, range(2)))

    assert applied[0] == 0 < applied[1]
    assert tables(system) == CORE


def test_an_upgrade_that_cannot_get_a_lock_fails_without_changes(system, monkeypatch):
    monkeypatch.setattr("tms_core.migrations_runner.LOCK_TIMEOUT", "50ms")
    downgrade(system, "core@base")
    with system.engine.begin() as holder:
        holder.execute(text("LOCK TABLE alembic_version"))

        with pytest.raises(Exception, match="lock timeout"):
            upgrade(system)

    assert tables(system) == {"alembic_version"}
    assert upgrade(system) != []


def test_changed_tasks_are_vacuumed_early_and_a_downgrade_restores_the_default(system):
    options = "SELECT unnest(reloptions) FROM pg_class WHERE relname = 'task'"

    assert "autovacuum_vacuum_scale_factor=0.02" in names(system, options)

    downgrade(system, "core_0006")
    assert names(system, options) == set()
    assert "ix_task_due_date" in names(system, "SELECT indexname FROM pg_indexes WHERE tablename = 'task'")
    upgrade(system)
