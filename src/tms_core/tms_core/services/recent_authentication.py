"""Re-authentication for sensitive requests: a recent sign-in or the current password is required."""

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.auth.access_tokens import AccessClaims
from tms_core.error_codes import SIGN_IN_TOO_OLD
from tms_core.errors import InvalidError
from tms_core.models import User
from tms_core.services.passwords import is_password
from tms_core.services.users import PasswordRequiredError

RECENT_MINUTES = 10
MISSING = f"is required: you signed in more than {RECENT_MINUTES} minutes ago"


def require_recent_authentication(session: Session, claims: AccessClaims, current_password: str | None) -> None:
    """Require the current password, or, if it is None, a sign-in within the last `RECENT_MINUTES`.

    Refreshing a token does not count as signing in. Raises `InvalidError` if a password is needed,
    `PasswordRequiredError` if it is wrong.
    """
    if current_password is None:
        if claims.authenticated_at < time.time() - RECENT_MINUTES * 60:
            raise InvalidError.of("current_password", MISSING, SIGN_IN_TOO_OLD, minutes=RECENT_MINUTES)
        return
    require_password(session, claims.user_id, current_password)


def require_password(session: Session, user_id: int, current_password: str) -> None:
    """Raise `PasswordRequiredError` unless the password is the user's."""
    if not is_password(session.scalar(select(User.password_hash).where(User.id == user_id)), current_password):
        raise PasswordRequiredError("current_password is not your present password.")
