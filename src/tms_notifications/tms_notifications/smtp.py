"""SMTP transport."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tms_notifications.errors import DeferredError, RefusedError
from tms_notifications.messages import OutgoingMail
from tms_notifications.settings import NotificationSettings

IMPLICIT_TLS_PORT = 465
# Replies about authentication, which do not concern the mail itself.
AUTHENTICATION_CODES = {530, 534, 535, 538}


class _Deadline:
    """Closes the connection after `timeout` seconds in total; smtplib's own timeout restarts at every byte."""

    sock: Any
    timeout: float
    _timer: threading.Timer | None = None

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        self._timer = threading.Timer(self.timeout, self._shut_down)
        self._timer.daemon = True
        self._timer.start()
        try:
            return super().connect(*args, **kwargs)  # type: ignore[misc]
        except BaseException:
            self._timer.cancel()
            raise

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        super().close()  # type: ignore[misc]

    def _shut_down(self) -> None:
        if self.sock:
            with suppress(OSError):
                # SSLSocket.shutdown() is not safe while another thread reads.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _Plain(_Deadline, smtplib.SMTP):
    pass


class _ImplicitTls(_Deadline, smtplib.SMTP_SSL):
    pass


class SmtpTransport:
    """Sends mails over SMTP, on one connection per mail."""

    def __init__(self, settings: NotificationSettings, local_hostname: str):
        """`local_hostname` is sent with EHLO."""
        self._settings = settings
        self._local_hostname = local_hostname

    def send(self, mail: OutgoingMail, name: str) -> None:
        """Send the mail. Raises `DeferredError` or `RefusedError`. `name` is not used."""
        server = self._attempt(self._open, _connection_error)
        try:
            self._attempt(lambda: _hand_over(server, mail), _mail_error)
        except BaseException:
            server.close()
            raise
        # The server has accepted the mail: an error from here on must not lead to a retry.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()

    def check(self) -> None:
        """Connect and authenticate without sending a mail. Raises `DeferredError`."""
        self._attempt(self._open, _connection_error).close()

    def _attempt(self, action: Callable[[], Any], convert: Callable[[Exception], Exception]) -> Any:
        try:
            return action()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise convert(error) from error

    def _open(self) -> smtplib.SMTP:
        server = self._connect()
        try:
            server.ehlo_or_helo_if_needed()
            if self._settings.email_use_tls and not isinstance(server, smtplib.SMTP_SSL):
                server.starttls(context=self._tls_context())
            if self._settings.email_id and self._settings.email_password:
                server.login(self._settings.email_id, self._settings.email_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _connect(self) -> smtplib.SMTP:
        host, port = self._settings.email_host or "", self._settings.email_port
        # Without `local_hostname`, smtplib would look up this host's name by DNS.
        options: dict[str, Any] = {"local_hostname": self._local_hostname, "timeout": self._settings.smtp_timeout}
        if port == IMPLICIT_TLS_PORT:
            return _ImplicitTls(host, port, context=self._tls_context(), **options)
        return _Plain(host, port, **options)

    def _tls_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.ca_file)


def _hand_over(server: smtplib.SMTP, mail: OutgoingMail) -> None:
    options = ("SMTPUTF8", "BODY=8BITMIME") if mail.needs_smtputf8 else ()
    if options and not server.has_extn("smtputf8"):
        raise smtplib.SMTPNotSupportedError(
            f"the mail server does not accept addresses such as {mail.recipient}: it does not offer SMTPUTF8"
        )
    server.sendmail(mail.sender, [mail.recipient], mail.content, options)


def _connection_error(error: Exception) -> Exception:
    """Convert an error from before the mail was transmitted: it would affect every mail, so the mail is retried."""
    return DeferredError(_describe(error))


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
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            return next(code for code, _ in recipients.values())
        case smtplib.SMTPResponseException(smtp_code=code):
            return int(code)
        case _:
            return 0


def _describe(error: Exception) -> str:
    """Return the server's reply, or the text of the error where there was no reply."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            return _reply(*next(iter(recipients.values())))
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=message):
            return _reply(code, message)
        case TimeoutError():
            return "the mail server does not answer in time"
        case _:
            return str(error) or type(error).__name__


def _reply(code: int, message: bytes | str) -> str:
    decoded = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    return f"{code} {' '.join(decoded.split())}"[:1000]
