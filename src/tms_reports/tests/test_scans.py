"""Scans share one snapshot, are limited in number over all processes, and end when they are cancelled."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tms_core.errors import UnavailableError
from tms_reports.scans import ScanCancelledError

SLOW = select(func.pg_sleep(20))


def setting(connection, name):
    return connection.scalar(select(func.current_setting(name)))


def test_a_scan_cannot_write(scans):
    with scans.open() as scan, scan.join() as joined:
        assert setting(scan.connection, "transaction_read_only") == "on"
        assert setting(joined, "transaction_read_only") == "on"


def test_a_scan_has_memory_for_sorts_of_many_tasks(scans):
    with scans.open() as scan, scan.join() as joined:
        assert setting(scan.connection, "work_mem") == setting(joined, "work_mem") == "32MB"


def test_a_scan_keeps_a_larger_setting_of_the_server(make_scans, engine):
    with engine.begin() as connection:
        connection.execute(text("ALTER ROLE CURRENT_USER SET work_mem = '48MB'"))
    engine.dispose()
    try:
        with make_scans().open() as scan:
            assert setting(scan.connection, "work_mem") == "48MB"
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER ROLE CURRENT_USER RESET work_mem"))


def test_a_scan_without_a_free_connection_is_unavailable(scans, engine):
    with ExitStack() as stack:
        scan = stack.enter_context(scans.open())
        joined = [stack.enter_context(scan.join()) for _ in range(4)]

        assert [connection is None for connection in joined] == [False, False, False, True]
        with pytest.raises(UnavailableError, match="Try again"), scans.open():
            pass

    assert engine.pool.checkedout() == 0


def test_a_snapshot_that_has_ended_gives_no_connection(scans):
    with scans.open() as scan:
        scan.connection.rollback()

        with scan.join() as joined:
            assert joined is None

    # Both are usable again.
    with scans.open() as scan, scan.join() as joined:
        assert joined is not None


def test_scans_are_limited_over_all_processes(make_scans):
    here, elsewhere = make_scans(concurrent=2), make_scans(concurrent=2)

    with here.open(), elsewhere.open():
        for scans in (here, elsewhere):
            with pytest.raises(UnavailableError, match="Too many reports"), scans.open():
                pass

    with here.open(), here.open():
        pass


def test_a_scan_above_the_limit_waits_for_a_slot(make_scans):
    scans = make_scans(concurrent=1, max_wait=20.0)
    first, second = ExitStack(), threading.Event()

    def open_second():
        with scans.open():
            second.set()

    first.enter_context(scans.open())
    waiting = threading.Thread(target=open_second)
    waiting.start()
    assert not second.wait(0.1)
    first.close()
    waiting.join(10)

    assert second.is_set()


def test_statements_have_the_time_limit_of_the_scan(make_scans):
    scans = make_scans(statement_timeout=7.0)

    with scans.open() as usual, scans.open(statement_timeout=0.05) as short, short.join() as joined:
        limits = [setting(connection, "statement_timeout") for connection in (usual.connection, joined)]
        with pytest.raises(DBAPIError, match="statement timeout"):
            short.connection.execute(SLOW)

    assert limits == ["7s", "50ms"]


def test_a_cancelled_scan_ends_its_statements_on_all_connections(scans, engine):
    cancelled, ended = threading.Event(), []
    began = time.monotonic()

    def join(scan):
        with scan.join() as connection, suppress(DBAPIError):
            ended.append(connection)
            connection.execute(SLOW)

    def execute():
        with scans.open(is_cancelled=cancelled.is_set) as scan, ThreadPoolExecutor() as executor:
            executor.submit(join, scan)
            threading.Timer(0.1, cancelled.set).start()
            scan.connection.execute(SLOW)

    with pytest.raises(ScanCancelledError) as caught:
        execute()

    assert caught.value.code.name == "report_cancelled"
    assert time.monotonic() - began < 10
    assert len(ended) == 1
    assert engine.pool.checkedout() == 0
    with scans.open() as scan:
        assert scan.connection.scalar(select(1)) == 1


def test_a_cancelled_scan_does_not_wait_for_a_slot(make_scans):
    scans = make_scans(concurrent=1, max_wait=60.0)

    with scans.open(), pytest.raises(ScanCancelledError), scans.open(is_cancelled=lambda: True):
        pass


def test_a_scan_survives_connections_that_the_server_dropped(scans, engine):
    others = select(func.pg_terminate_backend(func.pg_backend_pid()))
    for _ in range(2):
        with scans.open() as scan, scan.join() as joined:
            for connection in (joined, scan.connection):
                with pytest.raises(DBAPIError):
                    connection.execute(others)

    with scans.open() as scan, scan.join() as joined:
        assert setting(joined, "transaction_read_only") == setting(scan.connection, "transaction_read_only") == "on"


def test_the_server_looks_whether_the_process_lives(scans):
    with scans.open() as scan:
        assert setting(scan.connection, "client_connection_check_interval") == "2s"
