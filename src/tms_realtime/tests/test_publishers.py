"""Publishers on the channel: each is checked against the database once."""

import asyncio

import pytest

from tms_realtime.event_log.envelope import Identity
from tms_realtime.event_log.published_batch import PublishedBatch
from tms_realtime.event_log.publishers import MAX_KNOWN, Publishers
from tms_realtime.event_log.reader import LogUnavailableError

OURS = Identity(5, 1, 1.5)
FOREIGN = Identity(5, 2, 1.5)


@pytest.fixture
def database():
    """A database with one event, which counts its queries; `is_down` makes them fail."""

    class Database:
        queries = 0
        is_down = False

        async def has(self, identity: Identity) -> bool:
            self.queries += 1
            if self.is_down:
                raise LogUnavailableError
            return identity == OURS

    return Database()


@pytest.fixture
def is_ours(database):
    publishers = Publishers(database.has)

    def ask(publisher: str, newest: Identity) -> bool:
        return asyncio.run(publishers.is_ours(PublishedBatch(publisher, newest, [])))

    ask.publishers = publishers
    return ask


def test_a_publisher_is_checked_once(database, is_ours):
    assert [is_ours("a", OURS), is_ours("b", FOREIGN), is_ours("a", FOREIGN), is_ours("b", OURS)] == [
        True, False, True, False,
    ]  # fmt: skip
    assert database.queries == 2


def test_an_unknown_publisher_is_trusted_while_the_database_is_down_and_checked_later(database, is_ours):
    database.is_down = True
    assert is_ours("b", FOREIGN)

    database.is_down = False
    assert not is_ours("b", FOREIGN)


def test_publishers_are_checked_again_after_the_database_has_gone_back(database, is_ours):
    is_ours("a", OURS)
    is_ours.publishers.forget()

    assert not is_ours("a", FOREIGN)


def test_the_number_of_known_publishers_is_limited(database, is_ours):
    for number in range(MAX_KNOWN + 1):
        is_ours(str(number), FOREIGN)
    is_ours("0", FOREIGN)

    assert database.queries == MAX_KNOWN + 2
