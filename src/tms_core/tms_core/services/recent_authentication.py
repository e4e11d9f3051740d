"""What needs more than an access token: the user proves again who it is, unless it has just done so."""

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.access_tokens import AccessClaims
from tms_core.errors import InvalidError
from tms_core.models import User
from tms_core.services.passwords import is_password
from tms_core.services.users import PasswordRequiredError

RECENT_MINUTES = 10
MISSING = f"is required: you signed in more than {RECENT_MINUTES} minutes ago"


def require_recent_authentication(session: Session, claims: AccessClaims, current_password: str | None) -> None:
    """Raise unless the password is the account's, or none is given and the user signed in within the last minutes;
    refreshing does not count. Raises `InvalidError` where a password is needed, `PasswordRequiredError` where it
    is another."""
    if current_password is None:
        if claims.authenticated_at < time.time() - RECENT_MINUTES * 60:
            raise InvalidError.of("current_password", MISSING)
        return
    if not is_password(session.scalar(select(User.password_hash).where(User.id == claims.user_id)), current_password):
        raise PasswordRequiredError("current_password is not your present password.")
