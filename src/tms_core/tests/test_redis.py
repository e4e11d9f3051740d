"""The circuit breaker of Redis, and the version of cached lists."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from tms_core.app import configure
from tms_core.list_cache_version import KEY
from tms_core.redis import Breaker, DirectRedis, create_redis
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

    def test_calls_are_skipped_after_a_failure(self, breaker, clock):
        assert breaker.call(away, "instead") == "instead"
        clock[0] += 0.9

        assert breaker.call(lambda: pytest.fail("it was asked"), "instead") == "instead"

    def test_redis_is_called_again_after_the_pause(self, breaker, clock):
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


class TestDirectRedis:
    @pytest.fixture
    def direct(self, runtime):
        return runtime.direct_redis

    def test_commands_get_their_responses(self, direct):
        assert direct.call_all(("SET", "a", 1, "EX", 60), ("MGET", "a", "none")) == [b"OK", [b"1", None]]

    def test_commands_may_have_text_bytes_and_numbers(self, direct):
        direct.call("SET", "tms:test:ä", b"\x00\r\n\xff")
        direct.call("SET", b"tms:test:number", 12)

        assert direct.call_all(("GET", "tms:test:ä"), ("INCR", "tms:test:number")) == [b"\x00\r\n\xff", 13]

    def test_an_error_of_the_server_is_raised_and_the_next_command_works(self, direct):
        with pytest.raises(redis.ResponseError):
            direct.call_all(("NO_COMMAND",), ("ECHO", "x"))

        assert direct.call("PING") == b"PONG"

    def test_a_closed_connection_is_replaced_and_begins_a_new_version(self, direct, runtime):
        version = direct.call("GET", KEY)
        assert version == direct.call("GET", KEY)
        runtime.redis.client_kill_filter(_type="normal", skipme=False)

        assert direct.call("GET", KEY) not in (version, None)

    def test_a_late_response_is_not_that_of_the_next_command(self, runtime):
        direct = DirectRedis(create_redis(runtime.core, timeout=0.2))
        runtime.redis.client_pause(60_000, all=False)
        try:
            with pytest.raises(redis.TimeoutError):
                direct.call("SET", "a", "one")
        finally:
            runtime.redis.client_unpause()

        assert wait_for_response(direct, "two") == b"two"

    def test_concurrent_calls_get_their_own_responses(self, direct):
        def echo(number: int) -> bool:
            return all(direct.call("ECHO", f"{number}-{again}") == b"%d-%d" % (number, again) for again in range(200))

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(echo, range(8)))

    def test_an_unreachable_server_is_an_error(self, ini):
        config = configure({**ini, "tms.redis_url": "redis://127.0.0.1:1/0"}, web=False)

        with pytest.raises(redis.ConnectionError):
            config.registry.tms.direct_redis.call("PING")

    def test_a_closed_runtime_can_be_used_again(self, ini):
        runtime = configure(ini, web=False).registry.tms
        assert runtime.direct_redis.call("PING") == b"PONG"
        runtime.close()

        assert runtime.direct_redis.call("PING") == b"PONG"
        runtime.close()


def wait_for_response(direct: DirectRedis, text: str) -> bytes:
    """Return the response to ECHO, although a busy machine may exceed the short time-out."""
    while True:
        try:
            return direct.call("ECHO", text)
        except redis.TimeoutError:
            continue


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
