"""Processes of a complete system are killed and restarted under traffic; no client loses or repeats an event.

Real processes: two relays, two realtime processes, a PostgreSQL and a Valkey for this module.
"""

import random
from collections import Counter

import pytest

from tms_testing.realtime.faults import FAULTS, REDIS_KEEPS, Chaos, kill_postgres
from tms_testing.realtime.system import running_system
from tms_testing.realtime.traffic import traffic_in

SEED = 7
STEPS = 8
# As a close code, or as the status of a handshake.
LATER = Counter({"1013": 1, "HTTP 503": 1})


@pytest.fixture(scope="module")
def system():
    with running_system(tms__realtime__stream_length=f"{REDIS_KEEPS}") as system:
        yield system


@pytest.mark.parametrize("fault", FAULTS)
def test_clients_receive_every_event_once_and_in_order_after(system, fault):
    with traffic_in(system) as traffic:
        traffic.flow()

        FAULTS[fault](traffic)

        traffic.flow()
        report = traffic.report()
    assert report.faults() == []


def test_clients_receive_every_event_once_and_in_order_after_random_faults(system):
    with traffic_in(system, seed=SEED) as traffic:
        traffic.flow()
        chaos = Chaos(traffic, random.Random(SEED))

        happened = [chaos.step() for _ in range(STEPS)]

        chaos.end()
        report = traffic.report()
    assert report.faults() == [], happened


def test_clients_are_asked_to_retry_while_their_replay_is_impossible(system):
    with traffic_in(system) as traffic:
        traffic.flow()
        # Replaying to a client with private tasks requires the database.
        private = [one for one in traffic.followers if one.user.id != system.admin.id]
        traffic.clients.send_away(private)
        traffic.flow()
        kill_postgres(traffic)

        traffic.clients.let_back(private)

        assert traffic.clients.wait_for(lambda: all(one.record.ends & LATER for one in private))
        system.postgres.start()
        traffic.flow()
        report = traffic.report()
    assert report.faults() == []
