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
    for label in runtime.migrations:
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


def test_up_brings_every_table_of_the_included_packages_and_no_other(system):
    assert tables(system) == CORE


def test_the_migrated_database_is_what_the_models_say(system):
    with system.engine.connect() as connection:
        assert differences(system, connection) == []


def test_the_models_of_all_packages_are_migrated(whole_system):
    with whole_system.engine.connect() as connection:
        assert differences(whole_system, connection) == []


def test_a_drift_is_found(system):
    with system.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("ALTER TABLE task DROP COLUMN description"))
        connection.execute(text("DROP INDEX ix_task_due_date"))

        assert len(differences(system, connection)) == 2
        transaction.rollback()


def test_down_takes_everything_back_and_up_brings_it_again(system):
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


def test_logins_from_before_have_begun_with_their_first_token(system):
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


def test_accounts_from_before_get_keys_and_none_is_lost_where_two_have_the_same(system):
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
        # The one that is spelled canonically has the key, though it is the younger one.
        (None, "one@example.com"),
        ("fish", "two@example.com"),
        ("strasse", None),
        ("fıx", "x@xn--mnchen-3ya.de"),
        ("admini", "i@example.com"),
        # Too long for an entry of an index.
        (None, None),
        ("gone", None),
    ]


def test_a_second_upgrade_has_nothing_to_do(system):
    assert upgrade(system) == []


def test_a_package_goes_and_leaves_the_others_tables(whole_system, system):
    labels = [label for label in whole_system.migrations if label != "core"]
    with system.engine.connect() as connection:
        assert foreign_revisions(system, connection) != set()

    for label in labels:
        downgrade(whole_system, f"{label}@base")

    assert tables(system) == CORE
    assert enums(system) == {"account_link_purpose", "task_event_kind", "task_priority", "task_status"}
    with system.engine.connect() as connection:
        assert foreign_revisions(system, connection) == set()


def test_of_two_hosts_that_migrate_at_once_one_waits_for_the_other(system):
    downgrade(system, "core@base")
    start = Barrier(2)

    def migrate(_) -> int:
        start.wait(10)
        return len(upgrade(system))

    with ThreadPoolExecutor(2) as threads:
        applied = sorted(threads.map(migrate, range(2)))

    assert applied[0] == 0 < applied[1]
    assert tables(system) == CORE


def test_an_upgrade_that_cannot_have_a_lock_gives_up_and_changes_nothing(system, monkeypatch):
    monkeypatch.setattr("tms_core.migrations_runner.LOCK_TIMEOUT", "50ms")
    downgrade(system, "core@base")
    with system.engine.begin() as holder:
        holder.execute(text("LOCK TABLE alembic_version"))

        with pytest.raises(Exception, match="lock timeout"):
            upgrade(system)

    assert tables(system) == {"alembic_version"}
    assert upgrade(system) != []
