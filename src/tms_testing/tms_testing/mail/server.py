"""A mail server that misbehaves on command."""

import asyncio
import random
import re
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from itertools import count

from aiosmtpd.controller import Controller

from tms_local.embedded.ports import free_port
from tms_testing.mail.oracle import Arrival

ADDRESS = "127.0.0.1"
# Seconds that a hanging server waits; longer than the timeout of the client.
HANG = 8.0
TITLES = re.compile(r"^Title: T(\d+)\.(\d+) → T\d+\.(\d+)", re.MULTILINE)
SUBJECT = re.compile(r"\] T(\d+)\.(\d+) \(#")


class Behaviour(StrEnum):
    ACCEPT = "accepts all"
    HANG = "hangs"
    DEFER = "answers 451 after the content, half of the time"
    REFUSE = "answers 554 after the content, half of the time"
    CUT = "closes the connection after the content, half of the time"
    # The mail is accepted, and the client cannot know: the one case of two copies, with the same Message-ID.
    ACCEPT_AND_CUT = "accepts, and closes the connection instead of 250, half of the time"


class MailServer:
    """Records accepted mails. `stop` refuses connections until `start`."""

    def __init__(self, seed: int = 1):
        self.port = free_port()
        self.behaviour = Behaviour.ACCEPT
        self.arrivals: list[Arrival] = []
        self._random = random.Random(seed)
        self._numbers = count()
        self._lock = threading.Lock()
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self, hostname=ADDRESS, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Refuse connections, and close those that are open."""
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's
        behaviour = self.behaviour
        if behaviour is Behaviour.HANG:
            await asyncio.sleep(HANG)
            return "451 too late"
        if behaviour is not Behaviour.ACCEPT and self._random.random() < 0.5:
            return self._misbehave(behaviour, server, envelope)
        self._accept(envelope)
        return "250 OK"

    def _misbehave(self, behaviour: Behaviour, server, envelope) -> str:
        match behaviour:
            case Behaviour.DEFER:
                return "451 busy"
            case Behaviour.REFUSE:
                return "554 no"
            case Behaviour.ACCEPT_AND_CUT:
                self._accept(envelope)
        server.transport.abort()
        return "421 gone"

    def _accept(self, envelope) -> None:
        message = message_from_bytes(envelope.content, EmailMessage, policy=SMTP)
        with self._lock:
            self.arrivals.append(_arrival(message))


def _arrival(message: EmailMessage) -> Arrival:
    body = message.get_body(("plain",))
    changed = TITLES.search(body.get_content() if body else "")
    if changed is not None:
        return Arrival(message["Message-ID"], int(changed[1]), int(changed[2]), int(changed[3]))
    created = SUBJECT.search(message["Subject"] or "")
    if created is None:
        return Arrival(message["Message-ID"], 0, None, 0)
    return Arrival(message["Message-ID"], int(created[1]), None, int(created[2]))
