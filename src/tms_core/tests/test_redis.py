"""The circuit breaker of Redis, and the version of cached lists."""

import logging

import pytest
import redis

from tms_core.app import configure
from tms_core.list_cache_version import KEY
from tms_core.redis import Breaker, execute_together
from tms_core.services.tasks import TaskService


@pytest.fixture(scope="module")
def packages():
    return ()


def away():
    raise redis.ConnectionError("away")


class TestBreaker:
    @pytest.fixture
    def clock(self):
        """A clock that the test sets: clock[0]."""
        return [100.0]

    @pytest.fixture
    def breaker(self, clock):
        return Breaker(pause=1.0, clock=lambda: clock[0])

    def test_a_result_of_redis_is_returned(self, breaker):
        assert breaker.call(lambda: "there", "instead") == "there"

    def test_after_a_failure_calls_are_skipped(self, breaker, clock):
        assert breaker.call(away, "instead") == "instead"
        clock[0] += 0.9

        assert breaker.call(lambda: pytest.fail("it was asked"), "instead") == "instead"

    def test_after_the_pause_redis_is_called_again(self, breaker, clock):
        breaker.call(away, None)
        clock[0] += 1.0

        assert breaker.call(lambda: "back", None) == "back"

    def test_an_outage_is_logged_once(self, breaker, caplog):
        for _ in range(5):
            breaker.call(away, None)

        assert [record.levelno for record in caplog.records] == [logging.WARNING]

    def test_other_exceptions_propagate(self, breaker):
        with pytest.raises(ZeroDivisionError):
            breaker.call(lambda: 1 / 0, None)


class TestListCacheVersion:
    @pytest.fixture
    def change(self, runtime, make_user):
        """Write a task with the given runtime."""
        actor = make_user().actor

        def write(by=runtime) -> None:
            with by.transaction() as session:
                TaskService(session, actor, "team").create({"title": "T"})

        return write

    @pytest.fixture
    def generation(self, runtime):
        return lambda: runtime.redis.get(KEY)

    def test_every_change_sets_a_new_version(self, generation, change):
        seen = {generation()}
        for _ in range(3):
            change()
            seen.add(generation())

        assert len(seen) == 4

    def test_a_transaction_without_a_change_keeps_the_version(self, runtime, make_user, generation, change):
        change()
        before = generation()

        actor = make_user().actor
        with runtime.sessions() as session:
            TaskService(session, actor, "team").create({"title": "T"})
            session.rollback()

        assert generation() == before

    def test_the_relay_sets_a_version_for_a_process_without_redis(self, ini, change, generation, relay_once):
        change()
        relay_once()
        before = generation()
        lonely = configure({**ini, "tms.redis_url": "redis://127.0.0.1:1/0"}, web=False).registry.tms

        change(lonely)
        lonely.close()
        assert generation() == before

        relay_once()
        assert generation() != before

    def test_every_new_connection_sets_a_new_version(self, runtime, generation):
        before = generation()

        runtime.redis.connection_pool.disconnect()

        assert generation() != before


class TestCommandsTogether:
    def test_all_results_are_returned_in_order(self, runtime):
        value = b"\x00\r\n" + "ünï".encode()

        found = execute_together(runtime.redis, ("SET", "a", value), ("GET", "a"), ("APPEND", "a", 7), ("GET", "none"))

        assert found == [b"OK", value, len(value) + 1, None]

    def test_commands_are_repeated_once_on_a_new_connection(self, runtime):
        execute_together(runtime.redis, ("PING",))
        runtime.redis.client_kill_filter(_type="normal", skipme=True)

        assert execute_together(runtime.redis, ("SET", "a", 1), ("GET", "a")) == [b"OK", b"1"]

    def test_an_error_leaves_no_reply_on_a_connection_of_the_pool(self, runtime):
        with pytest.raises(redis.ResponseError):
            execute_together(runtime.redis, ("NO-SUCH-COMMAND",), ("PING",))

        assert execute_together(runtime.redis, ("ECHO", "again")) == [b"again"]
