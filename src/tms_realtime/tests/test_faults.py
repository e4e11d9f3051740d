"""Parts of a whole system are killed and come back amid traffic, and no client loses an event or gets one twice.

Real processes: two relays, two realtime processes, a PostgreSQL and a Valkey of the module's own.
"""

import random
from collections import Counter

import pytest

from tms_testing.realtime.faults import FAULTS, REDIS_KEEPS, Chaos, kill_postgres
from tms_testing.realtime.system import running_system
from tms_testing.realtime.traffic import traffic_in

SEED = 7
STEPS = 8
# From the open connection, or at the door.
LATER = Counter({"1013": 1, "HTTP 503": 1})


@pytest.fixture(scope="module")
def system():
    with running_system(tms__realtime__stream_length=f"{REDIS_KEEPS}") as system:
        yield system


@pytest.mark.parametrize("fault", FAULTS)
def test_clients_get_every_event_once_and_in_order_though(system, fault):
    with traffic_in(system) as traffic:
        traffic.flow()

        FAULTS[fault](traffic)

        traffic.flow()
        reckoning = traffic.reckon()
    assert reckoning.faults() == []


def test_clients_get_every_event_once_and_in_order_whatever_happens_at_once(system):
    with traffic_in(system, seed=SEED) as traffic:
        traffic.flow()
        chaos = Chaos(traffic, random.Random(SEED))

        happened = [chaos.step() for _ in range(STEPS)]

        chaos.end()
        reckoning = traffic.reckon()
    assert reckoning.faults() == [], happened


def test_who_cannot_be_told_what_it_missed_is_asked_to_come_back(system):
    with traffic_in(system) as traffic:
        traffic.flow()
        # Whether one may still see what one missed is for the database to say.
        private = [one for one in traffic.followers if one.person.id != system.admin.id]
        traffic.crowd.send_away(private)
        traffic.flow()
        kill_postgres(traffic)

        traffic.crowd.let_back(private)

        assert traffic.crowd.wait_for(lambda: all(one.record.ends & LATER for one in private))
        system.postgres.start()
        traffic.flow()
        reckoning = traffic.reckon()
    assert reckoning.faults() == []
