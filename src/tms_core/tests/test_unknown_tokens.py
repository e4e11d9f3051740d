import pytest

from tms_core.auth.unknown_tokens import MAX_NETWORKS, SECONDS, UnknownTokenLimit
from tms_core.errors import TooManyRequestsError
from tms_testing.clock import ManualClock


@pytest.fixture
def clock():
    return ManualClock(1000.0 * SECONDS + 20)


@pytest.fixture
def limit(clock):
    return UnknownTokenLimit(2, clock)


def use_up(limit, network="192.0.2.1") -> None:
    for _ in range(2):
        limit.require_room(network)
        limit.count(network)


def test_unknown_tokens_are_limited_per_network_and_minute(limit):
    use_up(limit)

    with pytest.raises(TooManyRequestsError) as refused:
        limit.require_room("192.0.2.1")

    assert refused.value.retry_after == SECONDS - 20
    limit.require_room("192.0.2.2")


def test_the_limit_ends_with_the_minute(limit, clock):
    use_up(limit)

    clock.now += SECONDS - 20

    use_up(limit)


def test_zero_turns_the_limit_off(clock):
    limit = UnknownTokenLimit(0, clock)

    for _ in range(100):
        use_up(limit)


def test_the_memory_for_networks_is_bounded(limit, monkeypatch):
    monkeypatch.setattr("tms_core.auth.unknown_tokens.MAX_NETWORKS", 10)

    for number in range(100):
        limit.count(str(number))

    assert len(limit._counts) <= 10 < MAX_NETWORKS
