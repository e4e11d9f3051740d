"""Executes `tms_core.web.idempotency.idempotent` methods once per Idempotency-Key, and replays responses.

The key is inserted in the transaction of the request. A concurrent request with the same key waits for the first to
commit or roll back, and neither a crash nor an error response leaves a key behind, so the request can be retried.

The number of keys per user and day is limited. Responses above `MAX_KEPT` bytes are not stored; a repeated request is
then rejected with 409 instead of replayed. For anonymous requests the stored key is a digest of the key and the whole
request, so that anonymous clients that choose the same key do not conflict.
"""

import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pyramid.response import Response
from sqlalchemy import ColumnElement, Label, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from tms_api import error_codes as codes
from tms_api.models import IdempotencyKey
from tms_api.rate_limits.limiter import too_many
from tms_api.rates import Rate
from tms_api.settings import ApiSettings
from tms_core.errors import TooManyRequestsError
from tms_core.web.idempotency import STILL_RUNNING
from tms_core.web.problems import problem
from tms_core.web.validation import raw_body

LIFE = timedelta(hours=24)
KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Cache-Control")
LOCK_NOT_AVAILABLE = "55P03"
NAME = "idempotency-keys"
MAX_KEPT = 65536
NOT_KEPT = "This request was executed before with this Idempotency-Key; its response was too long to be stored."


@dataclass(frozen=True, slots=True)
class _Use:
    """An idempotency key as stored. `owner` is the user id, or 0 for an anonymous request."""

    owner: int
    key: str
    fingerprint: bytes


def _use_of(request, key: str) -> _Use:
    fingerprint = _fingerprint(request)
    if request.claims:
        return _Use(request.claims.user_id, key, fingerprint)
    return _Use(0, hmac.digest(fingerprint, key.encode(), "sha256").hex(), fingerprint)


def execute_once(request, key: str, do: Callable[[], Response]) -> Response:
    """Execute a request, or return the response of the first one with this key, or a problem."""
    use = _use_of(request, key)
    try:
        claimed = _claim(request, use)
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != LOCK_NOT_AVAILABLE:
            raise
        # The statement failed and left the transaction unusable; nothing was written in it.
        request.tm.doom()
        return problem(request, 409, STILL_RUNNING, code=codes.REQUEST_RUNNING, retry_after=2)
    if claimed is None:
        return _replay(request, use)
    response = do()
    _store(request.db, claimed, response)
    return response


def _claim(request, use: _Use) -> int | None:
    """Insert the key and return the row's id, or None if the key exists.

    Waits for a concurrent request with the same key. Raises `TooManyRequestsError` when the user has too many keys.
    """
    session, most = request.db, request.registry.tms.settings(ApiSettings).idempotency_keys_per_user
    session.execute(delete(IdempotencyKey).where(*_matches(use), IdempotencyKey.created_at < func.now() - LIFE))
    claimed = session.execute(
        insert(IdempotencyKey)
        .values(owner=use.owner, key=use.key, fingerprint=use.fingerprint)
        .on_conflict_do_nothing(index_elements=["owner", "key"])
        .returning(IdempotencyKey.id, _count(use.owner, most))
    ).one_or_none()
    if claimed is None:
        return None
    if use.owner and most and claimed.present >= most:
        _delete_expired(session, use.owner, most)
    return claimed.id


def _count(owner: int, most: int) -> Label[int]:
    """Return the column `present`: the owner's keys before the statement, counted up to `most`."""
    # An index-only scan of the unique index on (owner, key).
    found = select(IdempotencyKey.key).where(IdempotencyKey.owner == owner).limit(most if owner else 0).subquery()
    return select(func.count()).select_from(found).scalar_subquery().label("present")


def _delete_expired(session, owner: int, most: int) -> None:
    """Delete the owner's expired keys. Raises `TooManyRequestsError` if there are still too many."""
    key = IdempotencyKey
    session.execute(delete(key).where(key.owner == owner, key.created_at < func.now() - LIFE))
    left = func.extract("epoch", func.min(key.created_at) + LIFE - func.now())
    count, seconds = session.execute(select(func.count(), left).where(key.owner == owner)).one()
    if count > most:
        rate, seconds = Rate(most, "day"), max(1, math.ceil(seconds))
        message = f"You have used {most} Idempotency-Keys within 24 hours."
        headers = too_many(NAME, (rate,), rate, seconds).headers
        raise TooManyRequestsError(message, seconds, headers, codes.TOO_MANY_IDEMPOTENCY_KEYS, maximum=most)


def _replay(request, use: _Use) -> Response:
    columns = (IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body)
    kept = request.db.execute(select(*columns).where(*_matches(use))).one()
    if not hmac.compare_digest(kept.fingerprint, use.fingerprint):
        message = "This Idempotency-Key was used for another request."
        return problem(request, 422, message, code=codes.IDEMPOTENCY_KEY_REUSED)
    if kept.body is None:
        message, code = f"{NOT_KEPT} Read the changed resources instead.", codes.RESPONSE_NOT_STORED
        response = problem(request, 409, message, code=code, original_status=kept.status)
    else:
        response = Response(kept.body, status=kept.status)
        response.headers.update(kept.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _matches(use: _Use) -> tuple[ColumnElement[bool], ...]:
    return IdempotencyKey.owner == use.owner, IdempotencyKey.key == use.key


def _store(session, claimed: int, response: Response) -> None:
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == claimed)
        .values(
            status=response.status_code,
            headers={name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
            body=response.body if len(response.body) <= MAX_KEPT else None,
        )
    )


def _fingerprint(request) -> bytes:
    # Keyed, because a body may contain a password.
    content = b"\0".join((request.method.encode(), request.path_qs.encode(), raw_body(request)))
    return hmac.digest(request.registry.tms.core.jwt_key.encode(), content, "sha256")
