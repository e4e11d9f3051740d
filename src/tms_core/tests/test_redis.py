"""Redis behind a breaker, and the generations of the lists."""

import logging

import pytest
import redis

from tms_core.app import configure
from tms_core.list_cache_version import KEY
from tms_core.redis import Breaker
from tms_core.services.tasks import TaskService


@pytest.fixture(scope="module")
def packages():
    return ()


def away():
    raise redis.ConnectionError("away")


class TestBreaker:
    @pytest.fixture
    def clock(self):
        """An instant that the test moves: clock[0]."""
        return [100.0]

    @pytest.fixture
    def breaker(self, clock):
        return Breaker(pause=1.0, clock=lambda: clock[0])

    def test_it_hands_out_what_redis_says(self, breaker):
        assert breaker.call(lambda: "there", "instead") == "there"

    def test_a_failure_gives_the_substitute_and_spares_the_next_ones_the_wait(self, breaker, clock):
        assert breaker.call(away, "instead") == "instead"
        clock[0] += 0.9

        assert breaker.call(lambda: pytest.fail("it was asked"), "instead") == "instead"

    def test_after_the_pause_redis_is_asked_again(self, breaker, clock):
        breaker.call(away, None)
        clock[0] += 1.0

        assert breaker.call(lambda: "back", None) == "back"

    def test_it_says_once_that_redis_is_away(self, breaker, caplog):
        for _ in range(5):
            breaker.call(away, None)

        assert [record.levelno for record in caplog.records] == [logging.WARNING]

    def test_faults_of_ours_pass(self, breaker):
        with pytest.raises(ZeroDivisionError):
            breaker.call(lambda: 1 / 0, None)


class TestGenerations:
    @pytest.fixture
    def change(self, runtime, make_user):
        """Writes a task, by the given runtime."""
        actor = make_user().actor

        def write(by=runtime) -> None:
            with by.transaction() as session:
                TaskService(session, actor, "team").create({"title": "T"})

        return write

    @pytest.fixture
    def generation(self, runtime):
        return lambda: runtime.redis.get(KEY)

    def test_every_change_begins_another(self, generation, change):
        seen = {generation()}
        for _ in range(3):
            change()
            seen.add(generation())

        assert len(seen) == 4

    def test_a_transaction_without_a_change_begins_none(self, runtime, make_user, generation, change):
        change()
        before = generation()

        actor = make_user().actor
        with runtime.sessions() as session:
            TaskService(session, actor, "team").create({"title": "T"})
            session.rollback()

        assert generation() == before

    def test_the_relay_begins_one_for_a_process_that_could_not(self, ini, change, generation, relay_once):
        change()
        relay_once()
        before = generation()
        lonely = configure({**ini, "tms.redis_url": "redis://127.0.0.1:1/0"}, web=False).registry.tms

        change(lonely)
        lonely.close()
        assert generation() == before

        relay_once()
        assert generation() != before

    def test_every_new_connection_begins_one(self, runtime, generation):
        before = generation()

        runtime.redis.connection_pool.disconnect()

        assert generation() != before
