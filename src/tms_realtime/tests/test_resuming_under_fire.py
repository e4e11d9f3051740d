"""Clients that leave and come back at any moment, while writers write, end up with the sequence that the database has.

A seeded random walk of real clients on real processes: what Hypothesis would shrink happens at another time anyway.
"""

from functools import partial

import pytest

from tms_testing.realtime.flaky_clients import flaky_clients
from tms_testing.realtime.system import running_system
from tms_testing.realtime.traffic import traffic_in

WANDERERS = 14
EVENTS = 1000
# What clients ask for lies in the table, in Redis, or in the memory of the realtime processes, which is 2,000 events.
EVENTS_BEFORE = 3500
REDIS_KEEPS = 2800


@pytest.fixture(scope="module")
def system():
    with running_system(tms__realtime__stream_length=f"{REDIS_KEEPS}", tms__realtime__messages="0") as system:
        with traffic_in(system) as traffic:
            traffic.writers.write_at_once(EVENTS_BEFORE)
            assert traffic.reckon().faults() == []
        yield system


@pytest.mark.parametrize("seed", [1, 2])
def test_clients_that_leave_and_come_back_get_each_event_once_and_in_order(system, seed):
    gather = partial(flaky_clients, count=WANDERERS, seed=seed)

    with traffic_in(system, gather=gather, at_once=20, seed=seed) as traffic:
        traffic.writers.await_commits(EVENTS)
        reckoning = traffic.reckon()

    assert reckoning.faults() == []
    assert len(reckoning.events) >= EVENTS
