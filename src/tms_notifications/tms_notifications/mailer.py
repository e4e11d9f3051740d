"""Handing a message over: to the mail server, or, in development, to a file."""

import os
from pathlib import Path
from typing import Protocol

from tms_core.embedded.state import StateDirectory
from tms_core.runtime import Runtime
from tms_notifications.addressing import mail_host
from tms_notifications.errors import DeferredError
from tms_notifications.messages import OutgoingMail
from tms_notifications.settings import NotificationSettings
from tms_notifications.smtp import SmtpTransport


class Transport(Protocol):
    def send(self, mail: OutgoingMail, name: str) -> None:
        """Returns when the mail is in other hands; raises `DeferredError` or `RefusedError`. `name` is unique."""


class FileTransport:
    """A mail becomes a .eml file, which `tms mail` and every mail program read."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.eml"

    def send(self, mail: OutgoingMail, name: str) -> None:
        """A reader never sees half a mail; the same name again replaces it."""
        draft = self._folder / f".{name}.{os.getpid()}.tmp"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                _write(draft, mail.content)
                draft.replace(self.path(name))
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise DeferredError(str(error)) from error


def _write(path: Path, content: bytes) -> None:
    """For its owner only, and on the disk when this returns."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def create_transport(runtime: Runtime) -> Transport:
    settings = runtime.settings(NotificationSettings)
    if settings.transport == "file":
        return FileTransport(StateDirectory(runtime.core.state_dir).mail)
    return SmtpTransport(settings, mail_host(runtime))
