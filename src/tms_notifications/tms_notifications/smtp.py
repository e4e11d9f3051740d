"""SMTP transport."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tms_notifications.errors import DeferredError, RefusedError, ServerUnavailableError
from tms_notifications.messages import OutgoingMail
from tms_notifications.settings import NotificationSettings
from tms_notifications.smtp_transaction import request_content, send_content

IMPLICIT_TLS_PORT = 465
# Replies about authentication, which do not concern the mail itself.
AUTHENTICATION_CODES = {530, 534, 535, 538}
# The reply with which a server ends the connection (RFC 5321, section 3.8).
SHUTTING_DOWN = 421


class _Deadline:
    """Closes the connection when a mail takes `timeout` seconds in total; smtplib's own timeout restarts at every
    byte. `is_sending_content` tells whether the server may have accepted the current mail, and `is_over` whether the
    time was over."""

    sock: Any
    timeout: float
    is_sending_content = False
    is_over = False

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        self._closed = threading.Event()
        self.begin_mail()
        threading.Thread(target=self._watch, name="smtp-deadline", daemon=True).start()
        try:
            return super().connect(*args, **kwargs)  # type: ignore[misc]
        except BaseException:
            self._closed.set()
            raise

    def getreply(self) -> tuple[int, bytes]:
        try:
            reply: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        except smtplib.SMTPServerDisconnected as error:
            if self.is_over:
                raise TimeoutError from error
            raise
        return reply

    def begin_mail(self) -> None:
        self.is_sending_content = False
        self._deadline = time.monotonic() + self.timeout

    def close(self) -> None:
        self._closed.set()
        super().close()  # type: ignore[misc]

    def _watch(self) -> None:
        while (left := self._deadline - time.monotonic()) > 0:
            if self._closed.wait(left):
                return
        self.is_over = True
        if self.sock:
            with suppress(OSError):
                # SSLSocket.shutdown() is not safe while another thread reads.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _Plain(_Deadline, smtplib.SMTP):
    pass


class _ImplicitTls(_Deadline, smtplib.SMTP_SSL):
    pass


class SmtpTransport:
    """Sends mails over SMTP. The connection stays open for further mails until `close`."""

    def __init__(self, settings: NotificationSettings, local_hostname: str):
        """`local_hostname` is sent with EHLO."""
        self._settings = settings
        self._local_hostname = local_hostname
        self._server: _Plain | _ImplicitTls | None = None

    def send(self, mail: OutgoingMail, name: str) -> str:
        """Send the mail, and return the server's reply. Raises `ServerUnavailableError`, another `DeferredError`, or
        `RefusedError`. `name` is not used."""
        server, self._server = self._server, None
        answer = self._send_again(server, mail) if server else None
        if server is None or answer is None:
            server = self._attempt(self._open, _connection_error)
            answer = self._attempt(lambda: _hand_over(server, mail), _mail_error, server)
        self._server = server
        return answer

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            # The server has accepted the mails: an error from here on must not lead to a retry.
            with suppress(smtplib.SMTPException, OSError):
                server.begin_mail()
                server.quit()
            server.close()

    def _send_again(self, server: "_Plain | _ImplicitTls", mail: OutgoingMail) -> str | None:
        """Send the mail on a connection that was used before; None if the server had closed it."""
        try:
            return _hand_over(server, mail)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            server.close()
            if server.is_sending_content or not _is_closed(error):
                raise _mail_error(error) from error
            return None

    def check(self) -> None:
        """Connect and authenticate without sending a mail. Raises `DeferredError`."""
        self._attempt(self._open, _connection_error).close()

    def _attempt(
        self,
        action: Callable[[], Any],
        convert: Callable[[Exception], Exception],
        server: smtplib.SMTP | None = None,
    ) -> Any:
        try:
            return action()
        except BaseException as error:
            if server is not None:
                server.close()
            if isinstance(error, (smtplib.SMTPException, OSError, ValueError)):
                raise convert(error) from error
            raise

    def _open(self) -> "_Plain | _ImplicitTls":
        server = self._connect()
        try:
            server.ehlo_or_helo_if_needed()
            if self._settings.email_use_tls and not isinstance(server, smtplib.SMTP_SSL):
                server.starttls(context=self._tls_context())
                # The extensions that were offered before are void.
                server.ehlo_or_helo_if_needed()
            if self._settings.email_id and self._settings.email_password:
                server.login(self._settings.email_id, self._settings.email_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _connect(self) -> "_Plain | _ImplicitTls":
        host, port = self._settings.email_host or "", self._settings.email_port
        # Without `local_hostname`, smtplib would look up this host's name by DNS.
        options: dict[str, Any] = {"local_hostname": self._local_hostname, "timeout": self._settings.smtp_timeout}
        if port == IMPLICIT_TLS_PORT:
            return _ImplicitTls(host, port, context=self._tls_context(), **options)
        return _Plain(host, port, **options)

    def _tls_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.ca_file)


def _hand_over(server: _Plain | _ImplicitTls, mail: OutgoingMail) -> str:
    server.begin_mail()
    if mail.needs_smtputf8 and not server.has_extn("smtputf8"):
        raise smtplib.SMTPNotSupportedError(
            f"the mail server does not accept addresses such as {mail.recipient}: it does not offer SMTPUTF8"
        )
    request_content(server, mail)
    server.is_sending_content = True
    return _reply(250, send_content(server, mail.content))


def _connection_error(error: Exception) -> Exception:
    """Convert an error from before the mail was transmitted: it would affect every mail, so the mail is retried."""
    return ServerUnavailableError(_describe(error))


def _is_closed(error: Exception) -> bool:
    """Return whether the server ended the connection; it may do so after some mails or seconds."""
    return isinstance(error, (smtplib.SMTPServerDisconnected, ConnectionError)) or _code(error) == SHUTTING_DOWN


def _mail_error(error: Exception) -> Exception:
    """Convert an error while the mail was transmitted: permanent for 5xx replies, else temporary."""
    code = _code(error)
    if isinstance(error, (smtplib.SMTPNotSupportedError, ValueError)):
        return RefusedError(_describe(error))
    if 500 <= code < 600 and code not in AUTHENTICATION_CODES:
        return RefusedError(_describe(error))
    return DeferredError(_describe(error))


def _code(error: Exception) -> int:
    match error:
        case smtplib.SMTPResponseException(smtp_code=code):
            return int(code)
        case _:
            return 0


def _describe(error: Exception) -> str:
    """Return the server's reply, or the text of the error where there was no reply."""
    match error:
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=message):
            return _reply(code, message)
        case TimeoutError():
            return "the mail server does not answer in time"
        case _:
            return str(error) or type(error).__name__


def _reply(code: int, message: bytes | str) -> str:
    decoded = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    return f"{code} {' '.join(decoded.split())}"[:1000]
