"""Idempotency-Key: a POST that is sent again within a day gets the first answer again, and is done once.

The key is claimed in the request's own transaction. So a second request waits until the first has committed or rolled
back, and a crash leaves no key that blocks; an error leaves none either, and the request may be tried again.
"""

import functools
import hmac
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field
from pyramid.response import Response
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from tms_api.models import IdempotencyKey
from tms_core.errors import InvalidError
from tms_core.web.openapi import Answer, Header, Parameter, described
from tms_core.web.problems import problem
from tms_core.web.validation import raw_body

HEADER = "Idempotency-Key"
LIFE = timedelta(hours=24)
SPELLING = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Cache-Control")
LOCK_NOT_AVAILABLE = "55P03"
STILL_RUNNING = "The first request with this Idempotency-Key is still running."
RETRY_AFTER = Header("Retry-After", "Seconds to wait before the next try.", "2", is_optional=True)
PARAMETER = Parameter(
    name=HEADER,
    where="header",
    help="Sent again with the same key and body within 24 hours, the request is not done again: it gets the first "
    "answer, with `Idempotency-Replayed: true`.",
    kind=Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,255}$")],
    example="5f0c2a9b-e3d1-4477",
    answers={
        400: Answer(),
        409: Answer(None, STILL_RUNNING, headers=(RETRY_AFTER,)),
        422: "The key was used for another request.",
    },
)


def idempotent(method: Callable[..., Response]) -> Callable[..., Response]:
    """Makes a resource's method heed the Idempotency-Key header."""

    @functools.wraps(method)
    def heeding(self: Any) -> Response:
        key = self.request.headers.get(HEADER)
        if key is None:
            return method(self)
        if not SPELLING.fullmatch(key):
            raise InvalidError.of(HEADER, "must be 1 to 255 visible ASCII characters", "header")
        return _once(self.request, key, lambda: method(self))

    return described(heeding, headers=(PARAMETER,))


def _once(request, key: str, do: Callable[[], Response]) -> Response:
    owner = request.claims.user_id if request.claims else 0
    fingerprint = _fingerprint(request)
    try:
        claimed = _claim(request.db, owner, key, fingerprint)
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != LOCK_NOT_AVAILABLE:
            raise
        # The transaction is spoilt, which is as well: nothing was done in it.
        request.tm.doom()
        return problem(request, 409, STILL_RUNNING, retry_after=2)
    if claimed is None:
        return _again(request, owner, key, fingerprint)
    response = do()
    _keep(request.db, claimed, response)
    return response


def _claim(session, owner: int, key: str, fingerprint: bytes) -> int | None:
    """The id of a new row; None where the key was used. Waits for a request that is using it right now."""
    session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.owner == owner, IdempotencyKey.key == key, IdempotencyKey.created_at < func.now() - LIFE
        )
    )
    return session.scalar(
        insert(IdempotencyKey)
        .values(owner=owner, key=key, fingerprint=fingerprint)
        .on_conflict_do_nothing(index_elements=["owner", "key"])
        .returning(IdempotencyKey.id)
    )


def _again(request, owner: int, key: str, fingerprint: bytes) -> Response:
    kept = request.db.execute(
        select(IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body).where(
            IdempotencyKey.owner == owner, IdempotencyKey.key == key
        )
    ).one()
    if not hmac.compare_digest(kept.fingerprint, fingerprint):
        return problem(request, 422, "This Idempotency-Key was used for another request.")
    response = Response(kept.body, status=kept.status)
    response.headers.update(kept.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _keep(session, claimed: int, response: Response) -> None:
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == claimed)
        .values(
            status=response.status_code,
            headers={name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
            body=response.body,
        )
    )


def _fingerprint(request) -> bytes:
    # Keyed, because a body may hold a password.
    said = b"\0".join((request.method.encode(), request.path_qs.encode(), raw_body(request)))
    return hmac.digest(request.registry.tms.core.jwt_key.encode(), said, "sha256")
