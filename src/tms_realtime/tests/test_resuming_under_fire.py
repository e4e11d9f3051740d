"""Clients that leave and come back at any moment, while writers write, end up with the sequence that the database has.

A seeded random walk of real clients on real processes: what Hypothesis would shrink happens at another time anyway.
"""

from functools import partial

import pytest

from tms_realtime.testing.traffic import traffic_in
from tms_realtime.testing.wanderers import wanderers
from tms_realtime.testing.world import running_world

WANDERERS = 14
EVENTS = 1500


@pytest.fixture(scope="module")
def world():
    # Small, so that what clients missed lies in the database, in Redis and in memory.
    with running_world(tms__realtime__stream_length="300", tms__realtime__messages="0") as world:
        yield world


@pytest.mark.parametrize("seed", [1, 2])
def test_clients_that_leave_and_come_back_get_each_event_once_and_in_order(world, seed):
    gather = partial(wanderers, count=WANDERERS, seed=seed)

    with traffic_in(world, gather=gather, at_once=20, seed=seed) as traffic:
        traffic.writers.await_commits(EVENTS)
        reckoning = traffic.reckon()

    assert reckoning.faults() == []
    assert len(reckoning.events) >= EVENTS
