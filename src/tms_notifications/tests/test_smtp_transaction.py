"""The SMTP conversation of one mail, with and without PIPELINING, and with servers that misbehave at each reply."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tms_notifications.errors import DeferredError, RefusedError
from tms_notifications.messages import OutgoingMail
from tms_notifications.settings import NotificationSettings
from tms_notifications.smtp import SmtpTransport

ADDRESS = "127.0.0.1"
MAIL = OutgoingMail("tasks@example.org", "ann@example.com", "Hi", b"Subject: Hi\r\n\r\n.hidden\r\nx\r\n..\r\n")
COMMANDS = [b"MAIL", b"RCPT", b"DATA"]
OK = ["250 OK", "250 OK", "354 go on", "250 queued"]
CLOSED = ""


class Server:
    """Accepts one connection after the other, with scripted replies to MAIL, RCPT, DATA and the content.

    `scripts` has the replies for each connection; where they end, or at `CLOSED`, the server closes the connection. A
    server with PIPELINING replies to nothing before it has all three commands; one without fails if a command comes
    before the reply to the previous one.
    """

    def __init__(self, scripts: list[list[str]], *, is_pipelining: bool):
        self._listener = socket.create_server((ADDRESS, 0))
        self._scripts, self._is_pipelining = scripts, is_pipelining
        self.port = int(self._listener.getsockname()[1])
        self.contents: list[bytes] = []
        self.too_early: list[bytes] = []

    def run(self) -> None:
        with self._listener:
            for replies in self._scripts:
                connection, _ = self._listener.accept()
                with connection, suppress(ConnectionError):
                    self._talk(connection, replies)

    def _talk(self, connection: socket.socket, replies: list[str]) -> None:
        # Without a buffer, commands that come too early stay in the socket.
        lines = connection.makefile("rb", buffering=0)
        connection.sendall(b"220 mail.example.org\r\n")
        lines.readline()
        extensions = b"250-PIPELINING\r\n" if self._is_pipelining else b""
        connection.sendall(b"250-mail.example.org\r\n" + extensions + b"250 SIZE 1000000\r\n")
        for start in range(0, len(replies), 4):
            if not self._mail(connection, lines, replies[start : start + 4]):
                return
        lines.readline()

    def _mail(self, connection: socket.socket, lines, replies: list[str]) -> bool:
        """Return whether the connection is still used."""
        if self._is_pipelining:
            assert [lines.readline()[:4] for _ in COMMANDS] == COMMANDS
        for command, reply in zip(COMMANDS, replies[:3], strict=False):
            if not self._is_pipelining:
                if lines.readline()[:4] != command:
                    return False
                connection.setblocking(False)
                with suppress(BlockingIOError):
                    self.too_early.append(connection.recv(1000, socket.MSG_PEEK))
                connection.setblocking(True)
            if reply == CLOSED:
                return False
            connection.sendall(f"{reply}\r\n".encode())
        content = b""
        while not content.endswith(b"\r\n.\r\n"):
            line = lines.readline()
            if not line:
                return False
            content += line
        self.contents.append(content)
        if len(replies) < 4 or replies[3] == CLOSED:
            return False
        connection.sendall(f"{replies[3]}\r\n".encode())
        return True


@pytest.fixture(params=[True, False], ids=["pipelining", "one by one"])
def serve(request, in_thread) -> Iterator[Callable[..., Server]]:
    """Starts a server with these replies per connection."""

    def start(*scripts: list[str]) -> Server:
        server = Server(list(scripts), is_pipelining=request.param)
        in_thread(server.run)
        return server

    return start


def transport(server: Server) -> SmtpTransport:
    values = {"email_host": ADDRESS, "email_port": server.port, "email_use_tls": False, "sender": "a@example.org"}
    return SmtpTransport(NotificationSettings.model_validate({**values, "smtp_timeout": 20}), "tasks.example.org")


def test_mails_are_sent_on_one_connection_with_their_dots(serve):
    server = serve(OK * 2)
    sender = transport(server)

    sender.send(MAIL, "1")
    sender.send(MAIL, "2")
    sender.close()

    assert server.contents == [b"Subject: Hi\r\n\r\n..hidden\r\nx\r\n...\r\n.\r\n"] * 2
    assert server.too_early == []


@pytest.mark.parametrize(
    ("replies", "error", "reason"),
    [
        (["550 no sender", "503 MAIL first", "503 RCPT first"], RefusedError, "550 no sender"),
        (["451 busy", "250 OK", "354 go on"], DeferredError, "451 busy"),
        (["250 OK", "550 no such user", "354 go on"], RefusedError, "550 no such user"),
        (["250 OK", "550 no such user", "554 no recipients"], RefusedError, "550 no such user"),
        (["250 OK", "550 no such user", "421 bye"], RefusedError, "550 no such user"),
        (["250 OK", "550 no such user", CLOSED], RefusedError, "550 no such user"),
        (["250 OK", "450 greylisted", "503 RCPT first"], DeferredError, "450 greylisted"),
        (["250 OK", "421 bye", CLOSED], DeferredError, "421 bye"),
        (["250 OK", "250 OK", "554 no"], RefusedError, "554 no"),
        (["250 OK", "250 OK", "250 what?"], DeferredError, "250 what?"),
        (["250 OK", "250 OK", "421 bye"], DeferredError, "421 bye"),
        (["250 OK", "250 OK", CLOSED], DeferredError, "closed"),
        ([CLOSED], DeferredError, "closed"),
    ],
)
def test_the_first_refusal_decides_and_no_content_is_sent(serve, replies, error, reason):
    server = serve(replies, OK)
    sender = transport(server)

    with pytest.raises(error, match=reason.replace("?", r"\?")):
        sender.send(MAIL, "1")

    assert server.contents == []
    sender.send(MAIL, "2")
    sender.close()
    assert len(server.contents) == 1


@pytest.mark.parametrize(
    ("reply", "error"), [("554 spam", RefusedError), ("451 disk full", DeferredError), ("421 bye", DeferredError)]
)
def test_a_refused_content_is_not_sent_again(serve, reply, error):
    server = serve([*OK, *OK[:3], reply], OK)
    sender = transport(server)
    sender.send(MAIL, "1")

    with pytest.raises(error, match=reply):
        sender.send(MAIL, "2")

    assert len(server.contents) == 2
    sender.send(MAIL, "3")
    sender.close()


@pytest.mark.parametrize("replies", [[CLOSED], ["421 bye"], ["250 OK", "421 bye"], ["250 OK", "250 OK", CLOSED]])
def test_a_used_connection_that_the_server_ends_before_the_content_is_replaced(serve, replies):
    server = serve([*OK, *replies], OK)
    sender = transport(server)
    sender.send(MAIL, "1")

    sender.send(MAIL, "2")
    sender.close()

    assert len(server.contents) == 2


def test_a_connection_that_ends_after_the_content_sends_no_second_copy(serve):
    server = serve([*OK, *OK[:3], CLOSED], OK)
    sender = transport(server)
    sender.send(MAIL, "1")

    with pytest.raises(DeferredError):
        sender.send(MAIL, "2")

    assert len(server.contents) == 2
    sender.send(MAIL, "3")
    sender.close()


@pytest.mark.parametrize("address", ["ann@example.com\r\nDATA", "ann@example.com\n"])
def test_an_address_with_a_line_break_is_refused_before_anything_is_sent(serve, address):
    server = serve([], OK)
    sender = transport(server)

    with pytest.raises(RefusedError, match="line break"):
        sender.send(OutgoingMail(MAIL.sender, address, "Hi", MAIL.content), "1")

    sender.send(MAIL, "2")
    sender.close()
    assert len(server.contents) == 1
