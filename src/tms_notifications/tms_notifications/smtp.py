"""The conversation with the mail server."""

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
# The server wants another log-in first: nothing that this mail could mend.
ABOUT_LOGGING_IN = {530, 534, 535, 538}


class _Bounded:
    """Ends the whole conversation after `timeout` seconds; smtplib's own time-out starts anew at every byte."""

    sock: Any
    timeout: float
    _timer: threading.Timer | None = None

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        self._timer = threading.Timer(self.timeout, self._cut)
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

    def _cut(self) -> None:
        if self.sock:
            with suppress(OSError):
                # Not SSLSocket's own method, which would meddle with the thread that reads.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _Plain(_Bounded, smtplib.SMTP):
    pass


class _ImplicitTls(_Bounded, smtplib.SMTP_SSL):
    pass


class SmtpTransport:
    """One connection a mail."""

    def __init__(self, settings: NotificationSettings, own_name: str):
        self._settings = settings
        self._own_name = own_name

    def send(self, mail: OutgoingMail, name: str) -> None:
        server = self._attempt(self._open, _about_the_server)
        try:
            self._attempt(lambda: _hand_over(server, mail), _about_the_mail)
        except BaseException:
            server.close()
            raise
        # The server has the mail: whatever happens now must not send it again.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()

    def check(self) -> None:
        """Connect and log in, as for a mail; raises `DeferredError` with what is wrong."""
        self._attempt(self._open, _about_the_server).close()

    def _attempt(self, action: Callable[[], Any], judge: Callable[[Exception], Exception]) -> Any:
        try:
            return action()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise judge(error) from error

    def _open(self) -> smtplib.SMTP:
        server = self._connect()
        try:
            server.ehlo_or_helo_if_needed()
            if self._settings.email_use_tls and not isinstance(server, smtplib.SMTP_SSL):
                server.starttls(context=self._trust())
            if self._settings.email_id and self._settings.email_password:
                server.login(self._settings.email_id, self._settings.email_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _connect(self) -> smtplib.SMTP:
        host, port = self._settings.email_host or "", self._settings.email_port
        # Named, because smtplib would ask the resolver for this host's own name.
        options: dict[str, Any] = {"local_hostname": self._own_name, "timeout": self._settings.smtp_timeout}
        if port == IMPLICIT_TLS_PORT:
            return _ImplicitTls(host, port, context=self._trust(), **options)
        return _Plain(host, port, **options)

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.ca_file)


def _hand_over(server: smtplib.SMTP, mail: OutgoingMail) -> None:
    options = ("SMTPUTF8", "BODY=8BITMIME") if mail.needs_smtputf8 else ()
    if options and not server.has_extn("smtputf8"):
        raise smtplib.SMTPNotSupportedError(
            f"the mail server takes no address such as {mail.recipient}: it does not offer SMTPUTF8"
        )
    server.sendmail(mail.sender, [mail.recipient], mail.content, options)


def _about_the_server(error: Exception) -> Exception:
    """Before the mail came up: every mail would fare the same, so it waits until somebody mends it."""
    return DeferredError(_words(error))


def _about_the_mail(error: Exception) -> Exception:
    code = _code(error)
    if isinstance(error, (smtplib.SMTPNotSupportedError, ValueError)):
        return RefusedError(_words(error))
    if 500 <= code < 600 and code not in ABOUT_LOGGING_IN:
        return RefusedError(_words(error))
    return DeferredError(_words(error))


def _code(error: Exception) -> int:
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            return next(code for code, _ in recipients.values())
        case smtplib.SMTPResponseException(smtp_code=code):
            return int(code)
        case _:
            return 0


def _words(error: Exception) -> str:
    """What the server said, else what went wrong on the way to it."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            return _said(*next(iter(recipients.values())))
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=said):
            return _said(code, said)
        case TimeoutError():
            return "the mail server does not answer in time"
        case _:
            return str(error) or type(error).__name__


def _said(code: int, said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(words.split())}"[:1000]
