"""Limits of concurrent expensive reads, with a manual clock."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tms_core.errors import TooManyRequestsError, UnavailableError
from tms_core.settings import CoreSettings
from tms_core.web.expensive_reads import ExpensiveReads, TableSize
from tms_testing.clock import ManualClock

ANN, BOB, EVE = 1, 2, 3
MAX_WAIT = 0.5


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def running():
    """Ends the reads that a test has started."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def reads(clock):
    return ExpensiveReads(2, 1, MAX_WAIT, clock=clock)


def test_a_users_second_read_is_rejected_if_the_first_runs_long(reads, clock, running):
    running.enter_context(reads.slot(ANN))
    clock.now += MAX_WAIT

    with pytest.raises(TooManyRequestsError) as error, reads.slot(ANN):
        pass

    assert error.value.retry_after > 0
    assert error.value.headers["RateLimit-Policy"] == '"expensive-reads";q=1;qu="concurrent-requests"'
    with reads.slot(BOB):
        pass


def test_a_third_read_of_a_process_is_rejected_if_the_others_run_long(reads, clock, running):
    running.enter_context(reads.slot(ANN))
    running.enter_context(reads.slot(BOB))
    clock.now += MAX_WAIT

    with pytest.raises(UnavailableError), reads.slot(EVE):
        pass


def test_a_finished_or_failed_read_frees_its_slot(reads, clock):
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), reads.slot(ANN):
            raise ZeroDivisionError
        clock.now += MAX_WAIT

    with reads.slot(ANN), reads.slot(BOB):
        pass


def test_a_read_waits_for_a_short_one_to_end(clock):
    reads = ExpensiveReads(1, 1, 60.0, clock=clock)

    def second():
        with reads.slot(BOB):
            return "begun"

    with ThreadPoolExecutor(1) as thread:
        with reads.slot(ANN):
            waiting = thread.submit(second)
            assert not waiting.done()
        assert waiting.result(30) == "begun"


def test_reads_do_not_wait_if_the_maximum_wait_is_zero(clock, running):
    reads = ExpensiveReads(1, 1, 0.0, clock=clock)
    running.enter_context(reads.slot(ANN))

    with pytest.raises(TooManyRequestsError), reads.slot(ANN):
        pass
    with pytest.raises(UnavailableError), reads.slot(BOB):
        pass


@pytest.mark.parametrize(("threads", "wanted", "most"), [(1, 8, 1), (2, 8, 1), (4, 8, 3), (4, 2, 2)])
def test_one_thread_is_kept_for_other_requests(threads, wanted, most, running):
    ini = {"tms.environment": "development", "tms.api_threads": str(threads), "tms.reads.expensive": str(wanted)}
    reads = ExpensiveReads.of(CoreSettings.read({**ini, "tms.reads.wait": "0"}, {}))

    for user_id in range(most):
        running.enter_context(reads.slot(user_id))
    with pytest.raises(UnavailableError), reads.slot(most):
        pass


def test_the_table_size_is_cached_for_a_minute(clock):
    class Statements:
        rows = -1.0
        asked = 0

        def read(self, _statement, _parameters):
            self.asked += 1
            return [(self.rows,)]

    statements = Statements()
    size = TableSize(1_000, clock=clock)

    assert [size.is_large(statements) for _ in range(3)] == [False] * 3
    statements.rows = 1_000.0
    clock.now += 59
    assert not size.is_large(statements)
    clock.now += 1
    assert size.is_large(statements)
    assert statements.asked == 2
