"""Request and response bodies."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from tms_core.error_codes import NOT_A_USER
from tms_core.invalid_values import InvalidValueError
from tms_core.models import EventKind, Priority, Status
from tms_core.services.task_filter import NOBODY, SELF
from tms_core.values import MAX_ID
from tms_core.web.field_types import AS_WHOLE, ID, Text
from tms_core.web.openapi import ResponseSchema
from tms_core.web.validation import Schema
from tms_webhooks.error_codes import WEBHOOK_SECRET_INVALID, WEBHOOK_URL_INVALID
from tms_webhooks.models import DESCRIPTION_LENGTH, DeliveryStatus, DisabledReason
from tms_webhooks.signatures import MAX_SECRET_LENGTH, SECRET, SECRET_PATTERN
from tms_webhooks.urls import MAX_URL_LENGTH, URL, URL_PATTERN

MAX_FILTER_VALUES = 100


def _url(text: str) -> str:
    if not URL.fullmatch(text) or text.endswith("\n"):
        message = "must be http:// or https:// with a host name or an IPv4 address, without user name and #"
        raise InvalidValueError(message, WEBHOOK_URL_INVALID)
    return text


def _secret(text: str) -> str:
    if not SECRET.fullmatch(text) or text.endswith("\n"):
        raise InvalidValueError("must be whsec_ and 24 to 64 bytes in base64", WEBHOOK_SECRET_INVALID)
    return text


def _user(value: Any) -> Any:
    if value in (SELF, NOBODY) and isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is int and 0 < value <= MAX_ID:
        return value
    raise InvalidValueError("must be a user's id, me or none", NOT_A_USER)


def _distinct(values: list[EventKind]) -> list[EventKind]:
    return [kind for kind in EventKind if kind in values]


Url = Annotated[
    str,
    Field(max_length=MAX_URL_LENGTH),
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": URL_PATTERN, "maxLength": MAX_URL_LENGTH}),
]
Secret = Annotated[
    str,
    Field(max_length=MAX_SECRET_LENGTH),
    AfterValidator(_secret),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": SECRET_PATTERN,
            "maxLength": MAX_SECRET_LENGTH,
            "description": "24 to 64 bytes in base64 after whsec_. Left out: the server makes one.",
        }
    ),
]
FilterUser = Annotated[
    int | str, BeforeValidator(_user), WithJsonSchema({"anyOf": [ID, {"type": "string", "enum": [SELF, NOBODY]}]})
]
FilterUsers = Annotated[list[FilterUser], Field(max_length=MAX_FILTER_VALUES)]
Events = Annotated[
    list[EventKind], Field(min_length=1, max_length=3, description="Which events."), AfterValidator(_distinct)
]
Description = Annotated[Text, Field(max_length=DESCRIPTION_LENGTH)]


class WebhookFilter(Schema):
    """Filters of the task list; a task matches with one value of each. Empty: every task. A change matches if the
    task does before or after it. `me` is the webhook's owner."""

    example = {"status": ["PENDING", "IN_PROGRESS"], "assigned_to": ["me"]}

    status: Annotated[list[Status], Field(max_length=MAX_FILTER_VALUES)] = []
    priority: Annotated[list[Priority], Field(max_length=MAX_FILTER_VALUES)] = []
    assigned_to: FilterUsers = []
    created_by: FilterUsers = []

    def stored(self) -> dict[str, Any]:
        """Return the filters that have values, as JSON values."""
        return {name: values for name, values in self.model_dump(mode="json").items() if values}


ALL_EVENTS = [*EventKind]
WEBHOOK_EXAMPLE: dict[str, Any] = {
    "url": "https://hooks.example.com/tms",
    "description": "Team chat",
    "events": ["created", "updated", "deleted"],
    "filter": {"priority": ["URGENT"]},
    "is_active": True,
}


class NewWebhook(Schema):
    """A webhook of the caller."""

    example = WEBHOOK_EXAMPLE

    url: Url
    description: Description = ""
    events: Events = ALL_EVENTS
    filter: WebhookFilter = WebhookFilter()
    is_active: bool = True
    # None if left out.
    secret: Secret = None  # type: ignore[assignment]


class WebhookChange(Schema):
    """Changes of a webhook; fields that are left out keep their values, and a filter replaces the whole filter."""

    example = {"events": ["created"], "is_active": True}
    is_partial = True

    url: Url = ""
    description: Description = ""
    events: Events = ALL_EVENTS
    filter: WebhookFilter = WebhookFilter()
    is_active: bool = True


class NewSecret(Schema):
    """The new secret; left out, the server makes one."""

    example = {}

    # None if left out.
    secret: Secret = None  # type: ignore[assignment]


class ReplayStart(Schema):
    """The last event that the receiver has: all later ones are sent again."""

    example = {"since": 4711}

    since: Annotated[int, Field(ge=0, le=MAX_ID), AS_WHOLE]


class ReplayRange(ResponseSchema):
    """The events that are sent again: those after `since`, up to `until`."""

    example = {"since": 4711, "until": 4800}

    since: int
    until: int


class FilterResponse(ResponseSchema):
    """The filters that have values."""

    status: list[Status] | None = None
    priority: list[Priority] | None = None
    assigned_to: list[int | Literal["me", "none"]] | None = None
    created_by: list[int | Literal["me", "none"]] | None = None


class WebhookOwner(ResponseSchema):
    """The user who gets the events. While the account is disabled, nothing is sent."""

    id: int
    username: str
    is_active: bool


RECEIVED = {
    "id": 1,
    "owner": {"id": 2, "username": "bob", "is_active": True},
    **WEBHOOK_EXAMPLE,
    "disabled_reason": None,
    "failures": 0,
    "failing_since": None,
    "last_error": None,
    "paused_until": None,
    "replaying": False,
    "previous_secret_until": None,
    "created_at": "2027-03-01T12:00:00Z",
    "updated_at": "2027-03-01T12:00:00Z",
}


class Webhook(ResponseSchema):
    """A webhook and the state of its receiver."""

    example = RECEIVED

    id: Annotated[int, Field(ge=1, le=MAX_ID)]
    owner: WebhookOwner
    url: str
    description: str
    events: list[EventKind]
    filter: FilterResponse
    is_active: bool
    disabled_reason: DisabledReason | None = Field(
        description="Why the server has turned it off: `gone` (the receiver answered 410) or `failing` (for days)."
    )
    failures: int = Field(description="Failed deliveries in a row.")
    failing_since: datetime | None
    last_error: str | None
    paused_until: datetime | None = Field(
        description="Nothing is sent until then, since the receiver is down or has asked for a pause."
    )
    replaying: bool
    previous_secret_until: datetime | None = Field(
        description="Until then, deliveries are signed with the previous secret too."
    )
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(Webhook):
    """A webhook with its secret, which is shown this once."""

    example = {**RECEIVED, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="}

    secret: str


class Webhooks(ResponseSchema):
    """The caller's webhooks; for administrators, then those of others."""

    example = {"results": [RECEIVED]}

    results: list[Webhook]


class Delivery(ResponseSchema):
    """A delivery and its last attempt."""

    example = {
        "id": 17,
        "type": "task.updated",
        "event_id": 4711,
        "task_id": 42,
        "status": "dead",
        "attempts": 14,
        "created_at": "2027-03-01T12:00:00Z",
        "attempted_at": "2027-03-02T11:40:00Z",
        "next_attempt_at": None,
        "duration_ms": 120,
        "response_status": 500,
        "response_excerpt": "internal error",
        "error": None,
    }

    id: Annotated[int, Field(ge=1, le=MAX_ID)]
    type: str
    event_id: int | None = Field(description="Null for a test.")
    task_id: int | None
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    attempted_at: datetime | None
    next_attempt_at: datetime | None = Field(description="Null unless it waits.")
    duration_ms: int | None
    response_status: int | None
    response_excerpt: str | None = Field(description="The beginning of the answer's body.")
    error: str | None = Field(description="Why there was no answer, or why it was not sent.")


class Deliveries(ResponseSchema):
    """Deliveries, the newest first."""

    example = {"results": [Delivery.example], "next": None}

    results: list[Delivery]
    next: str | None = Field(json_schema_extra={"format": "uri"})
