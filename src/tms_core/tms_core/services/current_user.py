"""Checks against the database whether the token of a request is still valid.

Processes notice revocations within half a second (`Revocations`). Code that must not run even in that time calls
`require_current` first.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from tms_core.auth.access_tokens import AccessClaims
from tms_core.auth.personal_tokens import token_id_of
from tms_core.error_codes import SESSION_ENDED
from tms_core.errors import NotAuthenticatedError
from tms_core.models import PersonalToken, RefreshToken
from tms_core.models.user import USERS

ENDED = "This token is no longer valid: it was revoked, or the account was changed. Sign in again."


def require_current(
    session: Session, claims: AccessClaims, *, also_lock: Collection[int] = (), lock: bool = True
) -> None:
    """Raise `NotAuthenticatedError` unless the claims are valid: the account is active, its token epoch and role are
    those of the claims, and the session or personal token is not revoked.

    With `lock`, the claims stay valid until the transaction ends, because a revocation waits for the user's row.
    `also_lock` are ids of users that the transaction will change. Rows are locked in the order of their ids, so that
    two administrators who change each other do not deadlock.
    """
    users = select(USERS.c.id, USERS.c.is_active, USERS.c.is_admin, USERS.c.token_epoch)
    users = users.where(USERS.c.id.in_({claims.user_id, *also_lock})).order_by(USERS.c.id)
    found = session.execute(users.with_for_update(key_share=True) if lock else users).all()
    state = (claims.user_id, True, claims.is_admin, claims.epoch)
    # A separate statement, because one that waits for a lock sees other tables as of its start.
    if state not in {tuple(row) for row in found} or not session.scalar(_is_open(claims)):
        raise NotAuthenticatedError(ENDED, SESSION_ENDED)


def require_administrator(session: Session, user_id: int) -> None:
    """Raise `NotAuthenticatedError` unless the database has the user as an active administrator."""
    role = select(USERS.c.id).where(USERS.c.id == user_id, USERS.c.is_admin, USERS.c.is_active)
    if session.scalar(role) is None:
        raise NotAuthenticatedError(ENDED, SESSION_ENDED)


def _is_open(claims: AccessClaims) -> Select[tuple[bool]]:
    """Return the query whether the session or personal token of the claims is valid."""
    personal, refresh = PersonalToken, RefreshToken
    if (token_id := token_id_of(claims.session)) is not None:
        is_unexpired = or_(personal.expires_at.is_(None), personal.expires_at > func.now())
        held = exists().where(personal.id == token_id, personal.revoked_at.is_(None), is_unexpired)
        return select(held.where(personal.user_id == claims.user_id))
    held = exists().where(refresh.session_id == _session_id(claims), refresh.revoked_at.is_(None))
    return select(held.where(refresh.user_id == claims.user_id))


def _session_id(claims: AccessClaims) -> UUID:
    try:
        return UUID(claims.session)
    except ValueError:
        raise NotAuthenticatedError(ENDED, SESSION_ENDED) from None
