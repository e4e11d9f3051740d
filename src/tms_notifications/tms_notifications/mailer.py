"""Transports for outgoing mails: SMTP, or files in development."""

import os
from pathlib import Path
from typing import Protocol

from tms_core.errors import ConfigurationError
from tms_core.private_files import make_private, write_private
from tms_core.runtime import Runtime
from tms_core.state_dir import make_state_directory
from tms_notifications.errors import DeferredError
from tms_notifications.hostnames import mail_host
from tms_notifications.messages import OutgoingMail
from tms_notifications.settings import NotificationSettings
from tms_notifications.smtp import SmtpTransport


class Transport(Protocol):
    def send(self, mail: OutgoingMail, name: str) -> str:
        """Hand the mail over, and return the answer for the mail log. Raises `DeferredError` or `RefusedError`.

        `name` is unique per mail.
        """

    def close(self) -> None:
        """End the connection, if any."""


class FileTransport:
    """Writes each mail to an .eml file, which `tms mail` and mail programs can open."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.eml"

    def send(self, mail: OutgoingMail, name: str) -> str:
        """Write the file atomically; an existing file of the same name is replaced."""
        draft = self._folder / f".{name}.{os.getpid()}.tmp"
        try:
            make_state_directory(self._folder.parent)
            make_private(self._folder)
            try:
                draft.unlink(missing_ok=True)
                write_private(draft, mail.content)
                draft.replace(self.path(name))
            finally:
                draft.unlink(missing_ok=True)
        except (OSError, ConfigurationError) as error:
            raise DeferredError(str(error)) from error
        return f"written to {name}.eml"

    def close(self) -> None:
        pass


def mail_folder(runtime: Runtime) -> Path:
    """Return the directory of the mails that are written to files."""
    return runtime.core.state_dir.resolve() / "mail"


def create_transport(runtime: Runtime) -> Transport:
    settings = runtime.settings(NotificationSettings)
    if settings.transport == "file":
        return FileTransport(mail_folder(runtime))
    return SmtpTransport(settings, mail_host(runtime))
