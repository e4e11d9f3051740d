"""Response schemas of users, for the OpenAPI document and for tests that validate responses."""

from datetime import datetime

from pydantic import Field

from tms_api.schemas.account_responses import ApiToken
from tms_core.web.openapi import ResponseSchema
from tms_core.web.page_schema import Id, Page


class PublicUser(ResponseSchema):
    """An account as other users see it."""

    id: Id
    username: str
    first_name: str
    last_name: str


class NewAccount(PublicUser):
    """A new account."""

    example = {"id": 2, "username": "ann", "email": "ann@example.com", "first_name": "Ann", "last_name": "Lee"}

    email: str


class User(NewAccount):
    """An account as its owner and administrators see it."""

    example = {
        "id": 2,
        "username": "ann",
        "email": "ann@example.com",
        "email_verified": True,
        "first_name": "Ann",
        "last_name": "Lee",
        "is_admin": False,
        "is_active": True,
    }

    email_verified: bool
    is_admin: bool
    is_active: bool


class ChangedUser(User):
    """An account after a change."""

    personal_tokens: list[ApiToken] = Field(
        default=[], description="The remaining personal API tokens; only after a change of one's own password."
    )


class ListedUser(User):
    """An account in a list, as its owner and administrators see it."""

    example = {**User.example, "last_used_at": "2027-03-01T15:00:00Z"}

    last_used_at: datetime | None = Field(
        description="The last sign-in or refresh of a session that is still active; shown to administrators only.",
    )


class UserPage(Page[ListedUser | User | PublicUser]):
    """A page of accounts."""


class ResetLink(ResponseSchema):
    """A password reset link that is not mailed."""

    example = {
        "url": "https://tms.example.com/api/password-reset/confirm#token=bGlrZSB0aGlzLCBidXQgc2hvd24gb25jZQ",
        "expires_at": "2027-03-01T16:00:00Z",
    }

    url: str = Field(description="Only returned by this response.")
    expires_at: datetime
