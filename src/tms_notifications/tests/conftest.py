"""Fixtures: a mail server with scripted replies, changes of tasks, and the mail log."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select, update

from tms_core.celery import use
from tms_core.services.tasks import TaskService
from tms_local.embedded import ports
from tms_notifications.models import MailStatus, Notification, NotificationMail
from tms_notifications.outcomes import outcome_of
from tms_notifications.services.ledger import LedgerService
from tms_notifications.services.mutes import MuteService
from tms_notifications.services.preferences import PreferenceService
from tms_notifications.tasks import send_mail

ADDRESS = "127.0.0.1"


class ScriptedServer:
    """A handler for aiosmtpd that accepts all mails.

    `answers` maps a stage (MAIL, RCPT, DATA) to replies, each of which is used once in place of 250.
    """

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.raw = b""
        self.recipients: list[str] = []
        self.answers: dict[str, list[str]] = defaultdict(list)
        self.at_data: Callable[[], Any] = lambda: None

    @property
    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.received]

    def _answer(self, stage: str) -> str:
        return self.answers[stage].pop(0) if self.answers[stage] else "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        envelope.mail_from = address
        return self._answer("MAIL")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        answer = self._answer("RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        await asyncio.get_running_loop().run_in_executor(None, self.at_data)
        answer = self._answer("DATA")
        if answer.startswith("250"):
            self.raw = bytes(envelope.content)
            self.received.append(message_from_bytes(envelope.content, EmailMessage, policy=SMTP))
            self.recipients += envelope.rcpt_tos
        return answer


@contextmanager
def running_mail_server(port: int = 0, **options: Any) -> Iterator[tuple[ScriptedServer, int]]:
    """Run a mail server on loopback and yield its handler and port; `options` are passed to aiosmtpd."""
    handler = ScriptedServer()
    controller = Controller(handler, hostname=ADDRESS, port=port or ports.free_port(), **options)
    controller.start()
    try:
        yield handler, controller.port
    finally:
        controller.stop(no_assert=True)


@pytest.fixture
def free_port() -> int:
    """A port on which no server listens."""
    return ports.free_port()


@pytest.fixture
def mail_server():
    """`with mail_server(…) as (server, port)`: a server for one test only."""
    return running_mail_server


@pytest.fixture(scope="module")
def _module_server() -> Iterator[tuple[ScriptedServer, int]]:
    with running_mail_server() as server:
        yield server


@pytest.fixture
def smtp(_module_server) -> ScriptedServer:
    """The module's mail server, reset before each test."""
    _module_server[0].__init__()
    return _module_server[0]


@pytest.fixture(scope="module")
def packages() -> tuple[str, ...]:
    return ("tms_notifications",)


@pytest.fixture(scope="module")
def smtp_settings(_module_server) -> dict[str, str]:
    return {
        "tms.notifications.transport": "smtp",
        "tms.notifications.email_host": ADDRESS,
        "tms.notifications.email_port": str(_module_server[1]),
        "tms.notifications.email_use_tls": "false",
        "tms.notifications.sender": "Tasks <tasks@example.org>",
        "tms.public_url": "https://tasks.example.org",
        "tms.notifications.unproved": "send",
    }


@pytest.fixture
def runtime(runtime):
    use(runtime)
    return runtime


class Tasks:
    """Changes tasks, each in its own transaction."""

    def __init__(self, runtime):
        self._runtime = runtime

    def create(self, user, **values: Any) -> int:
        with self._runtime.transaction() as session:
            return TaskService(session, user.actor, "team").create({"title": "Paint the fence", **values}).id

    def change(self, user, task_id: int, **values: Any) -> None:
        with self._runtime.transaction() as session:
            TaskService(session, user.actor, "team").change(task_id, values)

    def delete(self, user, task_id: int) -> None:
        with self._runtime.transaction() as session:
            TaskService(session, user.actor, "team").delete(task_id)


@pytest.fixture
def tasks(runtime) -> Tasks:
    return Tasks(runtime)


@pytest.fixture
def set_time(monkeypatch) -> Callable[[datetime], None]:
    """Sets the time by which Celery tasks choose their daily runs; that of the database does not change."""

    def set_to(moment: datetime) -> None:
        class FixedDatetime(datetime):
            @classmethod
            def now(cls, tz=None):
                return moment.astimezone(tz)

        monkeypatch.setattr("tms_notifications.tasks.datetime", FixedDatetime)

    return set_to


@pytest.fixture
def noon(runtime, set_time) -> datetime:
    """It is noon in the deployment's zone for Celery tasks: the time at which daily mails are sent has come."""
    noon = datetime.now(runtime.core.zone).replace(hour=12)
    set_time(noon)
    return noon


class MailLog:
    """Reads and changes the rows of notification_mail, and sends mails as a worker."""

    def __init__(self, runtime):
        self._runtime = runtime

    def rows(self) -> list[NotificationMail]:
        with self._runtime.transaction() as session:
            return list(session.scalars(select(NotificationMail).order_by(NotificationMail.id)))

    def row(self) -> NotificationMail:
        (row,) = self.rows()
        return row

    def kinds(self) -> list[tuple[int, str]]:
        """Return the recipient and the kind of each mail."""
        return [(row.user_id, row.kind.value) for row in self.rows()]

    def by_status(self) -> dict[str, int]:
        """Return the number of mails with each status."""
        statuses = [row.status.value for row in self.rows()]
        return {status: statuses.count(status) for status in sorted(set(statuses))}

    def change(self, **values: Any) -> None:
        """Set columns of every row."""
        with self._runtime.transaction() as session:
            for row in session.scalars(select(NotificationMail)):
                for name, value in values.items():
                    setattr(row, name, value)

    def send_again(self) -> list[NotificationMail]:
        """Make the next attempts due, then call `send_all`."""
        self.change(next_attempt_at=datetime.now(UTC))
        return self.send_all()

    def send_all(self) -> list[NotificationMail]:
        """Send each waiting mail, as a worker would. Returns the rows afterwards."""
        for row in self.rows():
            if row.status is MailStatus.WAITING:
                send_mail(row.id)
        return self.rows()


@pytest.fixture
def mail_log(runtime) -> MailLog:
    return MailLog(runtime)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def killed_after(monkeypatch) -> Callable[[type, str], AbstractContextManager[None]]:
    """`with killed_after(Class, "method"): …` simulates that the worker is killed right after the method returns."""

    @contextmanager
    def killed(owner: type, name: str) -> Iterator[None]:
        method = getattr(owner, name)

        def call_and_die(*args: Any, **kwargs: Any) -> None:
            method(*args, **kwargs)
            raise Killed

        with monkeypatch.context() as patches, suppress(Killed):
            patches.setattr(owner, name, call_and_die)
            yield

    return killed


@pytest.fixture
def in_thread() -> Iterator[Callable[[Callable[[], Any]], threading.Thread]]:
    """Runs a function in a thread; the test fails if the thread does not end."""
    threads = []

    def start(action: Callable[[], Any]) -> threading.Thread:
        threads.append(threading.Thread(target=action, daemon=True))
        threads[-1].start()
        return threads[-1]

    yield start
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()


class LedgerRows:
    """Reads the ledger, and changes preferences."""

    def __init__(self, runtime):
        self._runtime = runtime

    def outcomes(self, user) -> list[tuple[str, str, str]]:
        """Return kind, outcome and reason of each notification of a user, the oldest first."""
        with self._runtime.transaction() as session:
            entries = LedgerService(session).page(user.id, limit=1000)
            found = [(row.kind.value, outcome_of(row, mail)) for row, mail in reversed(entries)]
        return [(kind, outcome.kind.value, outcome.reason.value) for kind, outcome in found]

    def prefer(self, user, **values: Any) -> None:
        with self._runtime.transaction() as session:
            PreferenceService(session).change(user.id, values)

    def mute(self, user, task_id: int) -> None:
        with self._runtime.transaction() as session:
            MuteService(session).mute(user.id, task_id)

    def make_due(self) -> None:
        """End the waiting of all notifications, for the window or the digest."""
        with self._runtime.transaction() as session:
            session.execute(update(Notification).where(Notification.due_at.is_not(None)).values(due_at=func.now()))


@pytest.fixture
def ledger(runtime) -> LedgerRows:
    return LedgerRows(runtime)
