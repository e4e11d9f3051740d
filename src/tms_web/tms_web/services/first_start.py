"""The first start: a one-time code with which the first visitor creates the administrator's account."""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.auth.hashing import sha256_of
from tms_core.errors import ConflictError, ForbiddenError
from tms_core.models import User
from tms_core.permissions import OPERATOR
from tms_core.runtime import Runtime
from tms_core.services.users import UserService
from tms_core.services.users import create_service as user_service
from tms_web.error_codes import ADMINISTRATOR_EXISTS, FIRST_START_LINK_INVALID
from tms_web.models import FirstStart

WRONG_CODE = "This link has been used, or a newer one exists: tms up prints the newest."
HAS_ADMINISTRATOR = "There is an administrator already: sign in."


class FirstStartService:
    """Issues and redeems the code; never commits."""

    def __init__(self, session: Session, users: UserService):
        self._session = session
        self._users = users

    def new_code(self) -> str | None:
        """Return a new code, which replaces the last one; None if there is an administrator."""
        if self._has_administrator():
            return None
        code = secrets.token_urlsafe(32)
        row = insert(FirstStart).values(id=1, digest=sha256_of(code))
        self._session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"digest": row.excluded.digest}))
        return code

    def create_account(self, code: str, values: Mapping[str, Any]) -> User:
        """Use up the code and return the new administrator, with username, email, password and names from `values`.

        Raises `ForbiddenError` for a wrong code and `ConflictError` if there is an administrator; errors leave the code
        valid.
        """
        # Locked, so that a second request with the same code waits and then finds none.
        found = self._session.scalar(select(FirstStart).with_for_update())
        if found is None or not hmac.compare_digest(found.digest, sha256_of(code)):
            raise ForbiddenError(WRONG_CODE, FIRST_START_LINK_INVALID)
        if self._has_administrator():
            raise ConflictError(None, HAS_ADMINISTRATOR, ADMINISTRATOR_EXISTS)
        self._session.delete(found)
        return self._users.create({**values, "is_admin": True})

    def _has_administrator(self) -> bool:
        return bool(self._session.scalar(select(exists().where(User.is_admin, User.is_active))))


def create_service(runtime: Runtime, session: Session) -> FirstStartService:
    return FirstStartService(session, user_service(runtime, session, OPERATOR))
