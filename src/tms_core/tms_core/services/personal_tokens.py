"""Personal API tokens: creating, listing and revoking."""

import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from tms_core import error_codes as codes
from tms_core.auth.hashing import sha256_of
from tms_core.auth.personal_tokens import PREFIX
from tms_core.errors import ConflictError, InvalidError, NotFoundError
from tms_core.models import PersonalToken
from tms_core.runtime import Runtime
from tms_core.services.user_lock import lock_user

SHOWN_CHARACTERS = len(PREFIX) + 4
MAX_TOKENS = 100


class PersonalTokenService:
    """Manages the personal tokens of a user; never commits."""

    def __init__(self, session: Session, user_id: int, known_scopes: Collection[str]):
        self._session = session
        self._user_id = user_id
        self._known_scopes = known_scopes

    def create(self, name: str, scopes: Collection[str], expires_at: datetime | None) -> tuple[PersonalToken, str]:
        """Create a token and return its row and the token itself, which cannot be retrieved later."""
        self._refuse(scopes, expires_at)
        # Serializes with transactions that end the account's tokens.
        lock_user(self._session, self._user_id)
        if len(self.list()) >= MAX_TOKENS:
            message = f"would be token number {MAX_TOKENS + 1}: delete one that is not needed"
            raise ConflictError("name", message, codes.TOO_MANY_API_TOKENS, maximum=MAX_TOKENS)
        token = PREFIX + secrets.token_urlsafe(32)
        row = PersonalToken(
            user_id=self._user_id,
            name=name,
            hint=token[:SHOWN_CHARACTERS],
            digest=sha256_of(token),
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
        )
        self._session.add(row)
        self._session.flush()
        self._session.refresh(row)
        return row, token

    def list(self) -> Sequence[PersonalToken]:
        """Return the tokens that are not revoked, newest first; expired ones are included."""
        return self._session.scalars(self._own().order_by(PersonalToken.id.desc())).all()

    def revoke(self, token_id: int) -> None:
        """Revoke a token; it stops working within a second."""
        row = self._session.scalar(self._own().where(PersonalToken.id == token_id).with_for_update())
        if row is None:
            raise NotFoundError("You have no such token.", codes.API_TOKEN_NOT_FOUND)
        row.revoked_at = func.clock_timestamp()

    def _own(self) -> Select[PersonalToken]:
        return select(PersonalToken).where(PersonalToken.user_id == self._user_id, PersonalToken.revoked_at.is_(None))

    def _refuse(self, scopes: Collection[str], expires_at: datetime | None) -> None:
        unknown = sorted(set(scopes) - set(self._known_scopes))
        if unknown:
            known, names = sorted(self._known_scopes), ", ".join(unknown)
            message = f"has {names}, which is not known here; known are: {', '.join(known)}"
            raise InvalidError.of("scopes", message, codes.UNKNOWN_SCOPE, scopes=names, known=known)
        if expires_at is not None and expires_at <= datetime.now(UTC):
            raise InvalidError.of("expires_at", "must be in the future", codes.NOT_IN_FUTURE)


def create_service(runtime: Runtime, session: Session, user_id: int) -> PersonalTokenService:
    return PersonalTokenService(session, user_id, frozenset(runtime.registry.scopes.values()))


def end_personal_tokens(session: Session, user_id: int) -> None:
    """Revoke every personal token of a user."""
    session.execute(
        update(PersonalToken)
        .where(PersonalToken.user_id == user_id, PersonalToken.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp())
    )
