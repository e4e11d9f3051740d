"""A complete system that sends mails: PostgreSQL, Valkey, two relays, two workers, beat and a mail server."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tms_core.errors import TmsError
from tms_core.services.tasks import TaskService
from tms_notifications.models import NotificationMail
from tms_notifications.services.retries import RetryService
from tms_testing.mail.oracle import Verdict, judge
from tms_testing.mail.server import ADDRESS, MailServer
from tms_testing.realtime.process import PATIENCE, PROBE_INTERVAL, ManagedProcess
from tms_testing.realtime.system import System

WORKERS = 2
TASKS_AT_ONCE = 5
TITLE = re.compile(r"T(\d+)\.(\d+)")
UNFINISHED = text("""
    SELECT (SELECT count(*) FROM task_event WHERE position IS NULL)
        + (SELECT coalesce(max(position), 0) FROM task_event)
        - (SELECT position FROM relay_cursor WHERE sink = 'notifications')
        + (SELECT count(*) FROM notification WHERE due_at IS NOT NULL)
        + (SELECT count(*) FROM notification_mail WHERE status IN ('waiting', 'failed'))
""")
EVENTS = text("SELECT position, snapshot ->> 'title' FROM task_event WHERE position > :after ORDER BY position")
MAILS = text("SELECT count(*) FROM notification_mail WHERE event_position > :after AND status <> 'dropped'")


class MailSystem(System):
    """Created by `running_mail_system`."""

    def __init__(self, folder: Path, server: MailServer, settings: dict[str, str]):
        super().__init__(
            folder,
            {
                "pyramid.includes": "tms_realtime\n    tms_notifications",
                "tms.visibility": "team",
                "tms.notifications.transport": "smtp",
                "tms.notifications.email_host": ADDRESS,
                "tms.notifications.email_port": str(server.port),
                "tms.notifications.email_use_tls": "false",
                "tms.notifications.sender": "tms@example.org",
                "tms.notifications.unproved": "send",
                "tms.notifications.most_per_hour": "0",
                "tms.notifications.retry_interval": "1",
                "tms.notifications.smtp_timeout": "3",
                "tms.notifications.coalesce": "0",
                **settings,
            },
        )
        self.server = server
        self.realtimes = []
        self.workers = [self._make_process(f"worker{n}", "worker", ready=["ready"]) for n in range(WORKERS)]
        self.beat = self._make_process("beat", "beat", ready=[])

    @property
    def processes(self) -> list[ManagedProcess]:
        return [self.postgres, self.redis, *self.relays, *self.workers, self.beat]

    def restart_dead(self) -> None:
        """Restart processes that ended by themselves, as every supervisor does.

        Celery's parent process can end with an error of kombu when Redis goes away in the middle of its tasks.
        """
        for process in (*self.relays, *self.workers, self.beat):
            if process.has_died:
                process.kill_group()
                process.start()

    def output(self) -> str:
        """Return the end of each process's output."""
        running = [process for process in self.processes if process.is_running]
        return "\n".join(f"{process.name}:\n{process.log.text[-2000:]}" for process in running)

    def start(self) -> None:
        self._start(self.postgres, self.redis)
        self._start(*self.relays, *self.workers, self.beat)


class MailTraffic:
    """Assigns tasks to a user and changes their titles, in a thread, whatever fails."""

    def __init__(self, system: MailSystem):
        self._system = system
        self._stopped = threading.Event()
        self._written = 0
        self._first_arrival = len(system.server.arrivals)
        with system.runtime.engine.connect() as connection:
            self._after: int = connection.scalar(text("SELECT coalesce(max(position), 0) FROM task_event")) or 0
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def flow(self, count: int = 15) -> None:
        """Wait until so many more events were written."""
        expected = self._written + count
        deadline = time.monotonic() + PATIENCE
        while self._written < expected:
            assert time.monotonic() < deadline, "no events are written"
            time.sleep(PROBE_INTERVAL)

    def finish(self) -> Verdict:
        """Stop writing, wait until nothing is left to be sent, and compare."""
        self._stopped.set()
        self._thread.join(PATIENCE)
        self._settle()
        with self._system.runtime.transaction() as session:
            titles = [title for _position, title in session.execute(EVENTS, {"after": self._after})]
            mails = session.scalar(MAILS, {"after": self._after}) or 0
        events = [(int(found[1]), int(found[2])) for title in titles if (found := TITLE.fullmatch(title))]
        return judge(events, self._system.server.arrivals[self._first_arrival :], mails_due=mails)

    def _write(self) -> None:
        tasks: dict[int, tuple[int, int]] = {}
        while not self._stopped.is_set():
            try:
                self._written += self._write_one(tasks)
            except (DBAPIError, SQLAlchemyError, TmsError):
                # Whether the transaction was committed is in the event log.
                tasks.clear()
                time.sleep(0.1)

    def _write_one(self, tasks: dict[int, tuple[int, int]]) -> int:
        """Create a task, or change the title of one."""
        ann, bob = self._system.users["ann"], self._system.users["bob"]
        with self._system.runtime.transaction() as session:
            service = TaskService(session, ann.actor, "team")
            number = next(self._system.numbers)
            if len(tasks) < TASKS_AT_ONCE:
                task_id, state = service.create({"title": f"T{number}.0", "assigned_to": bob.id}).id, (number, 0)
            else:
                task_id = sorted(tasks)[number % TASKS_AT_ONCE]
                name, last = tasks[task_id]
                state = (name, last + 1)
                service.change(task_id, {"title": f"T{name}.{last + 1}"})
        tasks[task_id] = state
        if state[1] > 5:
            del tasks[task_id]
        return 1

    def _settle(self) -> None:
        """Wait until all mails are sent; failed and deferred ones are sent again, as by an administrator."""
        deadline = time.monotonic() + 2 * PATIENCE
        while True:
            self._system.restart_dead()
            try:
                with self._system.runtime.transaction() as session:
                    left = session.scalar(UNFINISHED)
                    if not left:
                        return
                    RetryService(session).retry_all(NotificationMail.attempts > 0)
                    session.execute(text("UPDATE notification_mail SET queued_until = now() WHERE status = 'waiting'"))
            except SQLAlchemyError:
                pass
            assert time.monotonic() < deadline, f"{left} are left:\n{self._system.output()}"
            time.sleep(0.3)


@contextmanager
def running_mail_system(**settings: str) -> Iterator[MailSystem]:
    """Run a system. `settings` are by key, with `__` for a dot. Asserts that no process is left at the end."""
    server = MailServer()
    server.start()
    with TemporaryDirectory(prefix="tms-mail-") as folder:
        given = {key.replace("__", "."): value for key, value in settings.items()}
        system = MailSystem(Path(folder).resolve(), server, given)
        try:
            system.begin()
            yield system
        finally:
            # A warm shutdown of workers takes long.
            for worker in system.workers:
                if worker.is_running:
                    worker.kill_group()
            system.end()
            server.stop()
        assert not system.living(), system.living()
