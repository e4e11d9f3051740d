"""Request and response bodies."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator

from tms_core.error_codes import NOT_A_CHOICE
from tms_core.invalid_values import InvalidValueError
from tms_core.web.openapi import ResponseSchema
from tms_core.web.validation import Schema
from tms_notifications.error_codes import UNKNOWN_TIME_ZONE
from tms_notifications.models import NotificationPreference


def _no_digest_yet(value: object) -> object:
    if value == "digest":
        message = "digest is not offered yet; must be one of immediate, off"
        raise InvalidValueError(message, NOT_A_CHOICE, choices=["immediate", "off"])
    return value


Choice = Annotated[Literal["immediate", "off"], BeforeValidator(_no_digest_yet)]

Zone = Annotated[
    str, Field(max_length=100, description="An IANA time zone such as Europe/Berlin; null: the deployment's.")
]


class Preferences(ResponseSchema):
    """The mail preferences of a user."""

    example = {
        "assigned": "immediate",
        "updated": "immediate",
        "due_soon": "immediate",
        "own_changes": True,
        "timezone": None,
    }

    assigned: Literal["immediate", "off"]
    updated: Literal["immediate", "off"]
    due_soon: Literal["immediate", "off"]
    own_changes: bool
    timezone: str | None


class PreferencesChange(Schema):
    """Changes of mail preferences; fields that are left out keep their values."""

    example = {"due_soon": "off", "timezone": "Europe/Berlin"}
    is_partial = True

    assigned: Choice = "immediate"
    updated: Choice = "immediate"
    due_soon: Choice = "immediate"
    own_changes: bool = True
    timezone: Zone | None = None

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


def present_preferences(preference: NotificationPreference) -> dict[str, object]:
    return {
        "assigned": preference.assigned,
        "updated": preference.updated,
        "due_soon": preference.due_soon,
        "own_changes": preference.own_changes,
        "timezone": preference.timezone,
    }
