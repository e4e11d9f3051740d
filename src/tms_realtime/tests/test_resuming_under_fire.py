"""Clients that disconnect and resume at random while tasks change end up with the events of the database.

A seeded random walk of real clients on real processes; Hypothesis could not shrink it, since the timing varies.
"""

from functools import partial

import pytest

from tms_testing.realtime.flaky_clients import flaky_clients
from tms_testing.realtime.system import running_system
from tms_testing.realtime.traffic import traffic_in

CLIENTS = 14
EVENTS = 1000
# Replays then read from the table, from Redis, and from the memory of the realtime processes (2,000 events).
EVENTS_BEFORE = 3500
REDIS_KEEPS = 2800


@pytest.fixture(scope="module")
def system():
    with running_system(tms__realtime__stream_length=f"{REDIS_KEEPS}", tms__realtime__messages="0") as system:
        with traffic_in(system) as traffic:
            traffic.writers.write_at_once(EVENTS_BEFORE)
            assert traffic.report().faults() == []
        yield system


@pytest.mark.parametrize("seed", [1, 2])
def test_flaky_clients_receive_each_event_once_and_in_order(system, seed):
    clients = partial(flaky_clients, count=CLIENTS, seed=seed)

    with traffic_in(system, make_followers=clients, at_once=20, seed=seed) as traffic:
        traffic.writers.await_commits(EVENTS)
        report = traffic.report()

    assert report.faults() == []
    assert len(report.events) >= EVENTS
