"""Scans on a streaming replica of the test server, made by pg_basebackup."""

import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2
import pytest
from sqlalchemy import make_url, text

from tms_core.db import create_database_engine
from tms_core.doctor import Level
from tms_core.permissions import OPERATOR
from tms_core.processes.orphans import dying_with_parent
from tms_local.embedded.account import service_account
from tms_local.embedded.programs import postgres_programs
from tms_reports.doctor import check_database
from tms_reports.services import ReportService
from tms_reports.sink import ReportCountersSink

PORT = "5432"
REPLAYED = "SELECT pg_last_wal_replay_lsn() >= CAST(:lsn AS pg_lsn)"


@pytest.fixture(scope="module")
def replica_url(services):
    """The URL of a replica of all databases, without the name of the database."""
    programs, account = postgres_programs().directory, service_account()
    if not (programs / "pg_basebackup").exists():
        pytest.skip("PostgreSQL was installed without pg_basebackup")
    # Not in tmp_path, which is closed to other users.
    with TemporaryDirectory(prefix="tms-replica-") as name:
        folder = Path(name)
        account.own(folder)
        run = {"cwd": folder, **account.popen_options}
        copy = [programs / "pg_basebackup", "-d", services[0], "-D", folder / "data", "-R", "--checkpoint=fast"]
        subprocess.run(copy, check=True, capture_output=True, **run)
        # max_connections must not be lower than the primary's.
        options = {"listen_addresses": "", "unix_socket_directories": name, "port": PORT, "max_connections": "200"}
        settings = [argument for option in options.items() for argument in ("-c", "=".join(option))]
        argv = [programs / "postgres", "-D", folder / "data", *settings]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(dying_with_parent(argv, signal.SIGINT), stdout=log, stderr=log, **run)
        yield f"postgresql://tms@/{{}}?host={name}&port={PORT}"
        # A fast shutdown, which does not wait for clients.
        process.send_signal(signal.SIGINT)
        process.wait(30)


@pytest.fixture(scope="module")
def deployment(deployment, replica_url):
    """The system; its database was created after the replica, or before, and reaches it by replication."""
    ini = deployment.ini
    ini["tms.reports.database_url"] = replica_url.format(make_url(ini["tms.database_url"]).database)
    return deployment


@pytest.fixture
def replica(runtime, ini):
    """An engine of the replica."""
    url = ini["tms.reports.database_url"]
    with runtime.engine.connect() as connection:
        lsn = str(connection.scalar(text("SELECT pg_current_wal_insert_lsn()")))
    deadline = time.monotonic() + 30
    # The database may be absent yet, and an empty one of this name is dropped before it is copied from a template.
    while not _has_replayed(url, lsn):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    engine = create_database_engine(runtime.core, url=url, isolation_level="AUTOCOMMIT")
    yield engine
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_wal_replay_resume()"))
    engine.dispose()


def _has_replayed(url, lsn):
    try:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [lsn])
            return cursor.fetchone()[0]
    except psycopg2.OperationalError:
        return False


@pytest.fixture
def catch_up(runtime, replica):
    """Waits until the replica has all that is committed."""

    def wait():
        with runtime.engine.connect() as connection:
            lsn = str(connection.scalar(text("SELECT pg_current_wal_insert_lsn()")))
        with replica.connect() as connection:
            while not connection.scalar(text(REPLAYED), {"lsn": lsn}):
                time.sleep(0.01)

    return wait


def test_scans_read_the_replica_and_tell_how_far_it_is(runtime, replica, catch_up, create_task):
    service = ReportService(runtime)
    for _ in range(3):
        create_task()
    catch_up()
    equal = service.scan(OPERATOR, threads=3)
    with replica.connect() as connection:
        connection.execute(text("SELECT pg_wal_replay_pause()"))
    create_task()
    ReportCountersSink(runtime).prepare()

    behind, live = service.scan(OPERATOR, threads=3), service.live(OPERATOR)
    with replica.connect() as connection:
        connection.execute(text("SELECT pg_wal_replay_resume()"))
    catch_up()
    again = service.scan(OPERATOR, threads=3)

    assert (equal.total, equal.as_of_event) == (3, 3)
    assert (behind.total, behind.as_of_event) == (3, 3)
    assert (live.total, live.as_of_event) == (4, 4)
    assert (again.total, again.as_of_event) == (4, 4)
    service.close()


def test_the_replica_is_fine_for_the_doctor(runtime, replica, catch_up):
    catch_up()

    findings = [(finding.level, finding.message) for finding in check_database(runtime)]

    assert [level for level, _ in findings] == [Level.OK] * len(findings)
    assert any("use the replica" in message for _, message in findings)
