"""Mail settings. The mail server is configured by the environment variables EMAIL_*."""

import os
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, SecretStr, field_validator, model_validator

from tms_core.runtime import Runtime
from tms_core.sanitizing import one_line, shortened
from tms_core.settings_base import SettingsGroup, setting
from tms_notifications.hostnames import AddressError, Mailbox, smtp_address
from tms_notifications.services.routing import Router


def _lines(value: object) -> object:
    return (
        tuple(filter(None, map(str.strip, value.replace(",", "\n").split("\n")))) if isinstance(value, str) else value
    )


def _existing_file(path: Path) -> Path:
    # Unlike Path.is_file, os.path.isfile returns False for a path that is too long.
    if not os.path.isfile(path):
        raise ValueError("must be the path of a file that exists")
    return path


ExistingFile = Annotated[Path, AfterValidator(_existing_file)]
Folders = Annotated[tuple[Path, ...], BeforeValidator(_lines)]
MAX_PATH_LENGTH = 200
FILE_SENDER = "TMS <tms@localhost>"


def _is_address(value: str) -> bool:
    """Whether the value is an address that every mail server accepts as a sender: valid and ASCII."""
    try:
        return smtp_address(value).isascii()
    except AddressError:
        return False


class NotificationSettings(SettingsGroup, prefix="tms.notifications"):
    transport: Literal["smtp", "file"] = setting(
        "smtp", help="smtp: mails are sent to EMAIL_HOST; file: mails are written to .eml files under STATE/mail."
    )
    email_host: str | None = setting(
        None, env="EMAIL_HOST", help="The mail server; required where the transport is smtp."
    )
    email_port: int = setting(
        587, env="EMAIL_PORT", help="The mail server's port; 465 uses implicit TLS.", ge=1, le=65535
    )
    email_use_tls: bool = setting(
        True, env="EMAIL_USE_TLS", help="Require STARTTLS; a server without it is sent nothing."
    )
    email_id: str | None = setting(
        None,
        env="EMAIL_ID",
        help="The user name for the mail server; also the sender unless tms.notifications.sender is set.",
    )
    email_password: SecretStr | None = setting(
        None, env="EMAIL_PASSWORD", help="The password for the mail server; empty: no authentication."
    )
    sender: str | None = setting(None, help="The sender of mails, such as TMS <tms@example.com>; default: EMAIL_ID.")
    ca_file: ExistingFile | None = setting(
        None, help="A file of CA certificates for the mail server's TLS, in place of the system's."
    )
    smtp_timeout: float = setting(
        30.0, help="Seconds that delivering one mail to the server may take in total.", gt=0, le=600
    )
    template_path: Folders = setting(
        (), help="Folders whose templates (task/task_email.html, …) replace the package's; comma-separated."
    )
    subject_prefix: str = setting(
        "[TMS]", help="Begins the subject of every mail, for filters and lists of mails; none: no prefix."
    )
    language: Literal["en", "de"] = setting("en", help="Language of mails to users who have not chosen one (en or de).")
    task_url: str = setting(
        "{public_url}/api/task/{id}",
        help="URL of a task in mails: {id} is the task's id, {public_url} the value of tms.public_url.",
    )
    retry_interval: float = setting(
        30.0, help="Seconds between checks for mails that are due to be sent or retried.", ge=1, le=3600
    )
    give_up_days: float = setting(
        4.0, help="Days after which a mail that the server keeps deferring is recorded as failed.", gt=0, le=30
    )

    unproved: Literal["send", "hold"] = setting(
        default_factory=lambda others: "hold" if others.get("transport") == "smtp" else "send",
        help="hold: where registration is open, mails about tasks to an unverified address wait until it is verified, "
        "and are then sent as one mail; send: mails are sent to any address. Default: hold if the transport is smtp.",
    )
    most_per_hour: int = setting(
        60, help="Mails about tasks per user and hour; further ones are sent as one mail afterwards. 0: no limit.", ge=0
    )
    coalesce: float = setting(
        60.0,
        help="Seconds in which changes of one task become one mail with the net change; 0: a mail for each change. "
        "Assignments are not delayed.",
        ge=0,
        le=3600,
    )
    digest_hour: int = setting(
        8, help="Hour of the day, in a user's time zone, at which the daily digest is sent.", ge=0, le=23
    )
    keep_days: int = setting(
        180,
        help="Days after which notifications, and mails that are finished or held, are deleted; 0: never.",
        ge=0,
        le=36_500,
    )

    @field_validator("template_path")
    @classmethod
    def _folders_exist(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        missing = [shortened(str(folder), MAX_PATH_LENGTH) for folder in value if not os.path.isdir(folder)]
        if missing:
            raise ValueError(f"there is no folder {', '.join(missing)}")
        return value

    @field_validator("subject_prefix")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return "" if value == "none" else one_line(value)

    @field_validator("task_url")
    @classmethod
    def _names_the_task(cls, value: str) -> str:
        try:
            value.format(public_url="", id=0)
        except (KeyError, ValueError, IndexError):
            raise ValueError("may contain {public_url} and {id}, and no other braces") from None
        return value

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None and not _is_address(parseaddr(value)[1]):
            raise ValueError("must be an address, such as TMS <tms@example.com>")
        return value

    @model_validator(mode="after")
    def _smtp_is_complete(self) -> "NotificationSettings":
        if self.transport != "smtp":
            return self
        missing = []
        if not self.email_host:
            missing.append(
                "tms.notifications.email_host (or EMAIL_HOST) must name the mail server "
                "(tms.notifications.transport = file writes mails to files instead)"
            )
        if self.sender is None and not _is_address(self.email_id or ""):
            missing.append(
                "tms.notifications.sender (or TMS_NOTIFICATIONS_SENDER) must be set where EMAIL_ID is no address"
            )
        if self.email_password and not self.email_id:
            missing.append("tms.notifications.email_id (or EMAIL_ID) must be set to log in with EMAIL_PASSWORD")
        if missing:
            raise ValueError("; ".join(missing))
        return self

    @property
    def sender_mailbox(self) -> Mailbox:
        name, address = parseaddr(self.sender or (self.email_id if self.transport == "smtp" else None) or FILE_SENDER)
        return Mailbox(one_line(name) or "TMS", smtp_address(address))


def needs_proof(runtime: Runtime) -> bool:
    """Whether mails about tasks are held until their recipient has verified the address."""
    return runtime.settings(NotificationSettings).unproved == "hold" and runtime.core.registration == "open"


def create_router(runtime: Runtime) -> Router:
    """Return the rules by which notifications are sent."""
    settings = runtime.settings(NotificationSettings)
    return Router(timedelta(seconds=settings.coalesce), settings.digest_hour, runtime.core.zone)
