"""While tasks are written, the numbers of a report agree with each other in every way of counting."""

import random
import threading
import time

import pytest

from tms_core.models import Priority, Status
from tms_core.permissions import OPERATOR, Actor
from tms_core.relay.relay import Relay
from tms_core.services.task_filter import TaskFilter
from tms_core.services.tasks import TaskService
from tms_reports.counters.rebuilding import rebuild, verify
from tms_reports.services import ReportService

ROUNDS = 12
FILTERED = TaskFilter(created_by=frozenset({1, 2, 3}))


@pytest.fixture
def writers(runtime, usernames):
    """Writes tasks in two threads, with a relay, until the test ends; yields the number of writes as a list."""
    users, stopped, writes, errors = list(usernames), threading.Event(), [], []

    def write(seed):
        chosen, own = random.Random(seed), []
        try:
            while not stopped.is_set():
                with runtime.transaction() as session:
                    service = TaskService(session, Actor(chosen.choice(users), is_admin=True), "team")
                    values = {
                        "status": chosen.choice(list(Status)),
                        "priority": chosen.choice(list(Priority)),
                        "assigned_to": chosen.choice([None, *users]),
                    }
                    if len(own) < 10 or chosen.random() < 0.2:
                        own.append(service.create({"title": "a", **values}).id)
                    elif chosen.random() < 0.3:
                        service.delete(own.pop(chosen.randrange(len(own))))
                    else:
                        service.change(chosen.choice(own), values)
                writes.append(seed)
        except Exception as error:  # noqa: BLE001 - reported by the test
            errors.append(error)

    relay = Relay(runtime)
    threads = [threading.Thread(target=write, args=[seed]) for seed in range(2)]
    threads.append(threading.Thread(target=relay.run))
    for thread in threads:
        thread.start()
    yield writes
    stopped.set()
    relay.stop()
    for thread in threads:
        thread.join(20)
    assert errors == []


def sums(report):
    """Return the total as each of the dimensions has it."""
    return {
        report.total,
        sum(report.tasks_by_status.values()),
        sum(report.tasks_by_priority.values()),
        sum(report.tasks_created.values()),
        sum(report.tasks_assigned.values()) + report.unassigned,
    }


def test_sums_agree_in_every_mode_while_tasks_are_written(runtime, writers):
    service = ReportService(runtime)
    rebuild(runtime, service.scans, is_personal=False, threads=2)
    events = 0

    for threads in [1, 2, 4] * (ROUNDS // 3):
        while len(writers) < events + 5:
            time.sleep(0.01)
        reports = [
            service.scan(OPERATOR, threads=threads),
            service.scan(OPERATOR, FILTERED, threads=threads),
            service.live(OPERATOR),
        ]
        assert [len(sums(report)) for report in reports] == [1, 1, 1]
        assert reports[0].as_of_event <= reports[2].as_of_event
        assert verify(service.scans, threads=threads).differences == []
        events = len(writers)

    service.close()
