"""Response schemas of users, for the OpenAPI document and for tests that validate responses."""

from pydantic import Field

from tms_api.schemas.account_responses import ApiToken
from tms_api.schemas.pages import Id, Page
from tms_core.web.openapi import ResponseSchema


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


class UserPage(Page[User | PublicUser]):
    """A page of accounts."""
