"""Request and response bodies."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from tms_core.invalid_values import InvalidValueError
from tms_core.web.id_selection import IdsOrAll
from tms_core.web.openapi import ResponseSchema
from tms_core.web.validation import Schema
from tms_notifications.error_codes import UNKNOWN_TIME_ZONE
from tms_notifications.models import MailKind, MailStatus, NotificationPreference

Choice = Literal["immediate", "digest", "off"]

Zone = Annotated[
    str, Field(max_length=100, description="An IANA time zone such as Europe/Berlin; null: the deployment's.")
]

Language = Annotated[Literal["en", "de"], Field(description="Language of mails; null: the deployment's.")]


class Preferences(ResponseSchema):
    """The mail preferences of a user."""

    example = {
        "assigned": "immediate",
        "updated": "immediate",
        "due_soon": "immediate",
        "own_changes": True,
        "timezone": None,
        "language": None,
    }

    assigned: Choice
    updated: Choice
    due_soon: Choice
    own_changes: bool
    timezone: str | None
    language: Language | None


class PreferencesChange(Schema):
    """Changes of mail preferences; fields that are left out keep their values."""

    example = {"updated": "digest", "timezone": "Europe/Berlin"}
    is_partial = True

    assigned: Choice = "immediate"
    updated: Choice = "immediate"
    due_soon: Choice = "immediate"
    own_changes: bool = True
    timezone: Zone | None = None
    language: Language | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return ZoneInfo(value).key
        except (KeyError, ValueError, OSError):
            message = "must be null or an IANA time zone such as Europe/Berlin"
            raise InvalidValueError(message, UNKNOWN_TIME_ZONE) from None


MAIL_EXAMPLE = {
    "id": 17,
    "kind": "assigned",
    "recipient": {"id": 2, "username": "bob", "email": "bob@example.com"},
    "task_id": 42,
    "subject": "[TMS] Paint the fence (#42)",
    "status": "failed",
    "attempts": 1,
    "error": "550 no such user",
    "created_at": "2027-03-01T12:00:00Z",
    "sent_at": None,
    "next_attempt_at": None,
}


class Recipient(ResponseSchema):
    """The recipient of a mail."""

    id: int
    username: str
    email: str | None


class Mail(ResponseSchema):
    """A mail of the mail log."""

    example = MAIL_EXAMPLE

    id: int
    kind: MailKind
    recipient: Recipient
    task_id: int | None
    subject: str | None = Field(description="Of the last attempt; before the first, the title of the task.")
    status: MailStatus
    attempts: int
    error: str | None = Field(description="Why it is not sent: of the last attempt, or the reason of its status.")
    created_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime | None = Field(description="Null unless it waits.")


class MailCounts(ResponseSchema):
    """The numbers of all waiting and all failed mails."""

    waiting: int
    failed: int


class Mails(ResponseSchema):
    """Mails, the newest first."""

    results: list[Mail]
    next: str | None = Field(json_schema_extra={"format": "uri"})
    counts: MailCounts


class MailsToRetry(IdsOrAll):
    """Either the ids of mails, or `all` for all failed mails."""

    example = IdsOrAll.example


class Retried(ResponseSchema):
    """The number of mails that are due now."""

    example = {"retried": 2}

    retried: int


def present_preferences(preference: NotificationPreference) -> dict[str, object]:
    return {
        "assigned": preference.assigned,
        "updated": preference.updated,
        "due_soon": preference.due_soon,
        "own_changes": preference.own_changes,
        "timezone": preference.timezone,
        "language": preference.language,
    }
