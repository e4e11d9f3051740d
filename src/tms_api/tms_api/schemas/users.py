"""Request schemas of users and sign-in."""

from typing import Any

from pydantic import ConfigDict

from tms_core.web.field_types import Email, Name, Password, Proof, Username, Whole
from tms_core.web.validation import Schema


class NewUser(Schema):
    """A new account. Only an administrator may set `is_admin` or omit `password`."""

    example = {
        "username": "ann",
        "email": "ann@example.com",
        "password": "password123",
        "first_name": "Ann",
        "last_name": "Lee",
    }

    username: Username
    email: Email
    password: Password = None  # type: ignore[assignment]
    first_name: Name = ""
    last_name: Name = ""
    is_admin: bool = False

    def values(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class Registration(NewUser):
    """A new account of the caller."""

    password: Password


class UserChange(Schema):
    """A PATCH: omitted fields stay unchanged. To change one's own password or e-mail address, `current_password` is
    required; with `end_personal_tokens`, a new password revokes one's personal API tokens too."""

    example = {"first_name": "Anna"}
    is_partial = True

    username: Username = None  # type: ignore[assignment]
    email: Email = None  # type: ignore[assignment]
    password: Password = None  # type: ignore[assignment]
    current_password: Proof | None = None
    first_name: Name = ""
    last_name: Name = ""
    is_admin: bool = False
    is_active: bool = True
    email_verified: bool = False
    id: Whole | None = None
    end_personal_tokens: bool = False

    def values(self) -> dict[str, Any]:
        """Return the fields for the service to set."""
        return self.model_dump(exclude_unset=True, exclude={"current_password", "id", "end_personal_tokens"})


class WholeUser(UserChange):
    """A PUT: omitted names become empty. Omitted password, `is_admin` and `is_active` stay unchanged."""

    example = {"username": "ann", "email": "ann@example.com", "first_name": "Anna"}

    username: Username
    email: Email

    def values(self) -> dict[str, Any]:
        return {"first_name": self.first_name, "last_name": self.last_name, **super().values()}


class UserDeletion(Schema):
    """The body is optional. For one's own account, `current_password` must be right if it is given."""

    example = {"current_password": "password123"}

    current_password: Proof | None = None


class Credentials(Schema):
    """`username` may be the e-mail address. Unknown fields are ignored, since many clients send them."""

    model_config = ConfigDict(extra="ignore")

    example = {"username": "ann", "password": "password123"}

    username: Proof
    password: Proof


class Refresh(Schema):
    """The refresh token from signing in or from the last refresh."""

    example = {"refresh": "Y3JlYXRlZCBieSB0aGUgc2VydmVy"}

    refresh: Proof
