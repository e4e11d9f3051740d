"""What goes out about users: for the description, and for the tests that compare it with the real answers."""

from pydantic import Field

from tms_api.schemas.account_answers import ApiToken
from tms_api.schemas.pages import Id, Page
from tms_core.web.openapi import AnswerSchema


class PublicUser(AnswerSchema):
    """What everybody signed in sees of an account."""

    id: Id
    username: str
    first_name: str
    last_name: str


class NewAccount(PublicUser):
    """An account that was just made."""

    example = {"id": 2, "username": "ann", "email": "ann@example.com", "first_name": "Ann", "last_name": "Lee"}

    email: str


class User(NewAccount):
    """What oneself, and an administrator, see of an account."""

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
    """An account after a change; where one changed one's own password, with the personal API tokens that it leaves."""

    personal_tokens: list[ApiToken] = Field(default=[], description="Only in the answer to a new password.")


class UserPage(Page[User | PublicUser]):
    """A page of accounts."""
