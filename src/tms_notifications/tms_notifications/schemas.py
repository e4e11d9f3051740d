"""The bodies of this package's resources."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, field_validator

from tms_core.web.validation import Schema
from tms_notifications.models import NotificationPreference


def _no_digest_yet(value: object) -> object:
    if value == "digest":
        raise ValueError("digest is not offered yet; must be one of immediate, off")
    return value


Choice = Annotated[Literal["immediate", "off"], BeforeValidator(_no_digest_yet)]


class PreferencesChange(Schema):
    """What it names is set; the rest stays."""

    assigned: Choice = "immediate"
    updated: Choice = "immediate"
    due_soon: Choice = "immediate"
    own_changes: bool = True
    timezone: str | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return ZoneInfo(value).key
        except (KeyError, ValueError, OSError):
            raise ValueError("must be null or an IANA time zone such as Europe/Berlin") from None


def present_preferences(preference: NotificationPreference) -> dict[str, object]:
    return {
        "assigned": preference.assigned,
        "updated": preference.updated,
        "due_soon": preference.due_soon,
        "own_changes": preference.own_changes,
        "timezone": preference.timezone,
    }
