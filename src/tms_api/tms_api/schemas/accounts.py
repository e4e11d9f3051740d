"""Request schemas of personal API tokens and mailed links."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from tms_core.models.account import NAME_LENGTH
from tms_core.web.field_types import Line, Password, Proof, Text, TypedEmail
from tms_core.web.validation import Schema

TokenName = Annotated[Line, Field(max_length=NAME_LENGTH)]
ScopeName = Annotated[Text, Field(max_length=50, examples=["tasks:read"])]


class NewApiToken(Schema):
    """`expires_at` null means never. `current_password` may be omitted within ten minutes of signing in."""

    example = {"name": "backup script", "scopes": ["tasks:read"], "expires_at": "2030-01-01T00:00:00Z"}

    name: TokenName
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=50)]
    expires_at: AwareDatetime | None = None
    current_password: Proof | None = None


class RevokedAccess(Schema):
    """Whether signing out everywhere revokes personal API tokens too."""

    example = {"end_personal_tokens": True}

    end_personal_tokens: bool = False


class WantedLink(Schema):
    """The e-mail address of the account."""

    example = {"email": "ann@example.com"}

    email: TypedEmail


class LinkToken(Schema):
    """The token of the mailed link."""

    example = {"token": "bGlrZSB0aGlzLCBidXQgZnJvbSB0aGUgbWFpbA"}

    token: Proof


class NewPassword(LinkToken):
    """The token of the mailed link, and the new password."""

    example = {"token": "bGlrZSB0aGlzLCBidXQgZnJvbSB0aGUgbWFpbA", "password": "password456"}

    password: Password
