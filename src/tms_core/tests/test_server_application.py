"""How the HTTP server counts the bodies that it holds in memory."""

import asyncio
from types import SimpleNamespace

import pytest

from tms_core.server import bodies
from tms_core.server.application import Application
from tms_core.server.exchange import Exchange
from tms_core.server.limits import Limits
from tms_core.server.threads import WorkerThreads

LIMITS = Limits(connections=4, head_seconds=60, body_seconds=60, body_rate=1000, body_bytes=100, send_seconds=60)


class Connection:
    """A connection that records what is written."""

    write_paused = False

    def __init__(self):
        self.written = b""

    def write(self, data):
        self.written += data

    def is_closing(self):
        return False

    def close(self):
        pass

    def resume_reading(self):
        pass


def echo(environ, start_response):
    start_response("503 Failed" if "tms.body_failure" in environ else "200 OK", [])
    return [environ["wsgi.input"].read()]


@pytest.fixture
def application():
    admission = SimpleNamespace(needs_body=lambda environ: True)
    return Application(echo, admission, LIMITS, WorkerThreads(1), SimpleNamespace(routes=()))


async def body_echoed(application, *parts):
    """Send a request whose first part of the body comes with the head; return the body of the response."""
    connection, answered = Connection(), asyncio.Event()
    exchange = Exchange(
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(sum(map(len, parts)))},
        set(),
        scope={},
        transport=connection,
        flow=connection,
        default_headers=[],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=True,
        on_response=answered.set,
    )
    application.start(exchange)
    for number, part in enumerate(parts, 1):
        exchange.body += part
        exchange.more_body = number < len(parts)
        exchange.message_event.set()
        # The application may take this part before the next one comes.
        for _ in range(5 if exchange.more_body else 0):
            await asyncio.sleep(0)
    await answered.wait()
    return connection.written.rpartition(b"\r\n\r\n")[2]


def test_bodies_no_longer_count_after_their_responses(application, monkeypatch):
    monkeypatch.setattr(bodies, "BUFFERED_BODIES", 10)

    async def answers():
        return [await body_echoed(application, *parts) for parts in [(b"12345678",)] * 3 + [(b"1234", b"5678")] * 2]

    assert asyncio.run(answers()) == [b"12345678"] * 5
