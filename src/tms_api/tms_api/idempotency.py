"""Idempotency-Key: a POST that is sent again within a day gets the first answer again, and is done once.

The key is claimed in the request's own transaction. So a second request waits until the first has committed or rolled
back, and a crash leaves no key that blocks; an error leaves none either, and the request may be tried again.

A user has a bounded number of keys a day, and answers that are too long are not kept: their keys only guard. Callers
who are not signed in share no keys: each request of theirs is a space of its own, so that strangers who choose the same
key do not meet.
"""

import functools
import hmac
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field
from pyramid.response import Response
from sqlalchemy import ColumnElement, Label, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from tms_api.limiter import too_many
from tms_api.models import IdempotencyKey
from tms_api.rates import Rate
from tms_api.schemas.idempotency import IdempotencyProblem
from tms_api.settings import ApiSettings
from tms_core.errors import InvalidError, TooManyRequestsError
from tms_core.web.openapi import Answer, Header, Parameter, described
from tms_core.web.problems import problem
from tms_core.web.validation import raw_body

HEADER = "Idempotency-Key"
LIFE = timedelta(hours=24)
SPELLING = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Cache-Control")
LOCK_NOT_AVAILABLE = "55P03"
NAME = "idempotency-keys"
MAX_KEPT = 65536
STILL_RUNNING = "The first request with this Idempotency-Key is still running."
NOT_KEPT = "This request was done before, under this Idempotency-Key; its answer was too long to be kept."
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
        409: Answer(
            IdempotencyProblem,
            f"{STILL_RUNNING} Or, without Retry-After and with `Idempotency-Replayed: true`: it was done before, and "
            "its answer was too long to be kept.",
            headers=(RETRY_AFTER,),
        ),
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


@dataclass(frozen=True, slots=True)
class _Use:
    """A key as it is stored; `owner` is 0 for a caller who is not signed in."""

    owner: int
    key: str
    fingerprint: bytes


def _use_of(request, key: str) -> _Use:
    fingerprint = _fingerprint(request)
    if request.claims:
        return _Use(request.claims.user_id, key, fingerprint)
    return _Use(0, hmac.digest(fingerprint, key.encode(), "sha256").hex(), fingerprint)


def _once(request, key: str, do: Callable[[], Response]) -> Response:
    use = _use_of(request, key)
    try:
        claimed = _claim(request, use)
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != LOCK_NOT_AVAILABLE:
            raise
        # The transaction is spoilt, which is as well: nothing was done in it.
        request.tm.doom()
        return problem(request, 409, STILL_RUNNING, retry_after=2)
    if claimed is None:
        return _again(request, use)
    response = do()
    _keep(request.db, claimed, response)
    return response


def _claim(request, use: _Use) -> int | None:
    """The id of a new row; None where the key was used. Waits for a request that is using it right now. Raises
    `TooManyRequestsError` for one key too many."""
    session, most = request.db, request.registry.tms.settings(ApiSettings).idempotency_keys_per_user
    session.execute(delete(IdempotencyKey).where(*_of(use), IdempotencyKey.created_at < func.now() - LIFE))
    claimed = session.execute(
        insert(IdempotencyKey)
        .values(owner=use.owner, key=use.key, fingerprint=use.fingerprint)
        .on_conflict_do_nothing(index_elements=["owner", "key"])
        .returning(IdempotencyKey.id, _count(use.owner, most))
    ).one_or_none()
    if claimed is None:
        return None
    if use.owner and most and claimed.present >= most:
        _make_room(session, use.owner, most)
    return claimed.id


def _count(owner: int, most: int) -> Label[int]:
    """How many keys an owner had before the statement, counted up to `most`."""
    # An index-only scan: the owner's part of the unique index.
    found = select(IdempotencyKey.key).where(IdempotencyKey.owner == owner).limit(most if owner else 0).subquery()
    return select(func.count()).select_from(found).scalar_subquery().label("present")


def _make_room(session, owner: int, most: int) -> None:
    """Forget the owner's keys that no longer hold; raises `TooManyRequestsError` where that does not help."""
    key = IdempotencyKey
    session.execute(delete(key).where(key.owner == owner, key.created_at < func.now() - LIFE))
    left = func.extract("epoch", func.min(key.created_at) + LIFE - func.now())
    count, seconds = session.execute(select(func.count(), left).where(key.owner == owner)).one()
    if count > most:
        rate, seconds = Rate(most, "day"), max(1, math.ceil(seconds))
        message = f"You have used {most} Idempotency-Keys within 24 hours, and all of them still hold."
        raise TooManyRequestsError(message, seconds, too_many(NAME, (rate,), rate, seconds).headers)


def _again(request, use: _Use) -> Response:
    columns = (IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body)
    kept = request.db.execute(select(*columns).where(*_of(use))).one()
    if not hmac.compare_digest(kept.fingerprint, use.fingerprint):
        return problem(request, 422, "This Idempotency-Key was used for another request.")
    if kept.body is None:
        response = problem(request, 409, f"{NOT_KEPT} Read what it changed.", original_status=kept.status)
    else:
        response = Response(kept.body, status=kept.status)
        response.headers.update(kept.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _of(use: _Use) -> tuple[ColumnElement[bool], ...]:
    return IdempotencyKey.owner == use.owner, IdempotencyKey.key == use.key


def _keep(session, claimed: int, response: Response) -> None:
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
    # Keyed, because a body may hold a password.
    said = b"\0".join((request.method.encode(), request.path_qs.encode(), raw_body(request)))
    return hmac.digest(request.registry.tms.core.jwt_key.encode(), said, "sha256")
