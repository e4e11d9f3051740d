"""Processes and the mail server fail while mails are sent; each event is in one mail.

Real processes: two relays, two workers, beat, a PostgreSQL and a Valkey for this module. bench/mail_faults.py has more.
"""

import pytest

from tms_testing.mail.faults import FAULTS
from tms_testing.mail.oracle import Arrival, judge
from tms_testing.mail.system import MailTraffic, running_mail_system

EVENTS = 20
# These end a worker's attempt, or its transaction; Celery ends tasks when Redis is lost. A mail that was accepted at
# that moment, which is not recorded, is sent again with the same Message-ID.
INTERRUPTING = ("a worker is killed", "Redis is emptied", "PostgreSQL crashes")
CREATED, CHANGED = Arrival("<1@x>", 7, None, 0), Arrival("<2@x>", 7, 0, 2)
EVENTS_OF_TASK = [(7, 0), (7, 1), (7, 2)]


@pytest.mark.parametrize(
    ("arrivals", "counts"),
    [
        ([CREATED, CHANGED], (0, 0, 0)),
        ([CREATED], (2, 0, 0)),
        ([CREATED, CHANGED, CHANGED], (0, 1, 0)),
        ([CREATED, CHANGED, Arrival("<3@x>", 7, 1, 2)], (0, 0, 1)),
    ],
)
def test_the_oracle_counts_what_is_lost_repeated_and_doubled(arrivals, counts):
    verdict = judge(EVENTS_OF_TASK, arrivals, mails_due=2)

    assert (verdict.lost, verdict.repeated, verdict.doubled) == counts
    assert bool(verdict.faults) == bool(verdict.lost or verdict.doubled)


@pytest.fixture(scope="module")
def system():
    with running_mail_system() as system:
        yield system


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "none"])
def test_each_event_is_in_one_mail_after(system, name):
    traffic = MailTraffic(system)
    traffic.flow(EVENTS)
    FAULTS[name](system, traffic)
    traffic.flow(EVENTS)
    verdict = traffic.finish()

    assert verdict.faults == []
    assert verdict.events >= 2 * EVENTS
    assert verdict.repeated == 0 or name in INTERRUPTING or "accepts, and" in name
