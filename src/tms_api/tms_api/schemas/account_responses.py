"""Response schemas of sessions and personal API tokens."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from tms_core.web.openapi import ResponseSchema
from tms_core.web.page_schema import Id, Page

TOKEN_EXAMPLE = {
    "id": 1,
    "name": "backup script",
    "hint": "tms_Y3Jl",
    "scopes": ["tasks:read"],
    "created_at": "2027-03-01T12:00:00Z",
    "expires_at": "2030-01-01T00:00:00Z",
    "last_used_at": None,
}


class ApiToken(ResponseSchema):
    """A personal API token without its secret."""

    example = TOKEN_EXAMPLE

    id: Id
    name: str
    hint: str = Field(description="The first characters of the token.")
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class ShownApiToken(ApiToken):
    """A new personal API token, including the token itself."""

    example = {**TOKEN_EXAMPLE, "token": "tms_Y3JlYXRlZCBieSB0aGUgc2VydmVy"}

    token: str = Field(description="Only returned by this response.")


class ApiTokens(Page[ApiToken]):
    """The caller's personal API tokens."""


class Client(ResponseSchema):
    """The client that last used a session."""

    user_agent: str | None
    address: str | None


class Session(ResponseSchema):
    """A session, from sign-in to sign-out."""

    example = {
        "id": "5f0c2a9b-e3d1-4477-8a7e-0d9a3c1b2f4e",
        "created_at": "2027-03-01T12:00:00Z",
        "last_used_at": "2027-03-01T15:00:00Z",
        "client": {"user_agent": "Firefox", "address": "192.0.2.7"},
        "current": True,
    }

    id: Annotated[UUID, Field(strict=False)]
    created_at: datetime
    last_used_at: datetime
    client: Client
    current: bool = Field(description="Whether the request belongs to this session.")


class Sessions(Page[Session]):
    """The caller's sessions."""
