"""Beats as processes: two at once, after nobody ran at 10:00, send each user the daily mail once.

Real processes: two beats, two workers, a PostgreSQL, a Valkey and a mail server for this module.
"""

import re
import shelve
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import celery
import pytest
from celery.beat import ScheduleEntry
from celery.schedules import crontab
from sqlalchemy import text

from tms_core.services.tasks import TaskService
from tms_testing.mail.system import running_mail_system
from tms_testing.realtime.process import PATIENCE, PROBE_INTERVAL

# Where it is between 14:00 and 15:00 now; the names of these zones have the sign reversed.
ZONE = f"Etc/GMT{datetime.now(UTC).hour - 14:+d}"
ENTRIES = {"send_notifications_at_10_am": "send_due_soon", "send_missed_notifications": "send_missed_due_soon"}
MAILS = text("""
    SELECT user_id, kind::text, status::text, jsonb_array_length(context -> 'tasks') FROM notification_mail
    WHERE kind = 'due_soon' ORDER BY user_id
""")


@pytest.fixture(scope="module")
def system():
    with running_mail_system(tms__timezone=ZONE, tms__notifications__retry_interval="60") as system:
        yield system


@pytest.fixture
def beats(system, tmp_path):
    """Two beats, not running, that ran last a day ago."""
    beats = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_schedule(folder / "beat-schedule", datetime.now(UTC) - timedelta(days=1))
        beats.append(system._make_process(f"late{number}", "beat", ready=[], **{"tms.state_dir": str(folder)}))
    yield beats
    for beat in beats:
        if beat.is_running:
            beat.stop()


def write_schedule(path, last_run: datetime) -> None:
    """Write Celery's schedule file, as left by a beat that has run the entries at that time."""
    at = last_run.astimezone(ZoneInfo(ZONE))
    with shelve.open(str(path)) as file:
        file.update({"__version__": celery.__version__, "tz": ZONE, "utc_enabled": True})
        file["entries"] = {
            name: ScheduleEntry(name, f"tms.notifications.{task}", at, 1, crontab(), (), {}, {})
            for name, task in ENTRIES.items()
        }


def await_runs(system) -> None:
    """Wait until workers have executed each task of both beats."""
    deadline = time.monotonic() + PATIENCE
    while True:
        output = "".join(worker.log.text for worker in system.workers)
        if all(len(re.findall(rf"{task}\[[^]]*\] succeeded", output)) >= 2 for task in ENTRIES.values()):
            return
        assert time.monotonic() < deadline, system.output()
        time.sleep(PROBE_INTERVAL)


def await_mails(system) -> list[tuple[int, str, str, int]]:
    """Return the daily mails once all are sent."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with system.runtime.engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(MAILS)]
        if rows and all(status == "sent" for _, _, status, _ in rows):
            return rows
        assert time.monotonic() < deadline, (rows, system.output())
        time.sleep(PROBE_INTERVAL)


def test_two_beats_that_missed_ten_o_clock_send_each_user_one_mail(system, beats):
    today = datetime.now(ZoneInfo(ZONE)).date()
    with system.runtime.transaction() as session:
        tasks = TaskService(session, system.admin.actor, "team")
        for name, titles in (("ann", ("Paint", "Sand")), ("bob", ("Mow",))):
            for title in titles:
                tasks.create({"title": title, "assigned_to": system.users[name].id, "due_date": today})

    for beat in beats:
        beat.launch()
    await_runs(system)

    assert await_mails(system) == [
        (system.users["ann"].id, "due_soon", "sent", 2),
        (system.users["bob"].id, "due_soon", "sent", 1),
    ]
    arrived = [arrival.message_id for arrival in system.server.arrivals]
    assert len(arrived) == len(set(arrived))
