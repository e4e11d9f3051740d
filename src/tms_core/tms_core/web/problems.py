"""Error responses as application/problem+json (RFC 9457), including the errors of Pyramid and Cornice."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPForbidden
from pyramid.response import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tms_core import error_codes as codes
from tms_core import errors
from tms_core.db import is_away
from tms_core.error_codes import ErrorCode, code_of_status
from tms_core.errors import FieldError
from tms_core.web.path_ids import bad_ids

log = logging.getLogger(__name__)
RETRY_SECONDS = 5
# serialization_failure, deadlock_detected, lock_not_available (PostgreSQL, appendix A)
CONFLICTING = ("40001", "40P01", "55P03")
QUERY_CANCELED = "57014"
STATUS: dict[type[errors.TmsError], int] = {
    errors.InvalidError: 400,
    errors.NotAuthenticatedError: 401,
    errors.ForbiddenError: 403,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.PreconditionFailedError: 412,
    errors.TooManyRequestsError: 429,
    errors.NotOfferedError: 501,
    errors.UnavailableError: 503,
}
SENTENCES = {
    401: "This request needs a valid access token: Authorization: Bearer …",
    404: "There is nothing at this address.",
    405: "This address does not know this method.",
    500: "Something went wrong on our side. The log has more under this request_id.",
    503: "The database does not answer right now. Try again in a few seconds.",
}
DATABASE_AWAY = SENTENCES[503]
CONFLICTED = "Another request conflicted with this one. Try again in a few seconds."
TOO_LONG = (
    "This query took the database too long and was cancelled. Use rarer search words or more filters, or try later."
)


def problem(
    request,
    status: int,
    detail: str | None = None,
    *,
    code: ErrorCode | None = None,
    params: Mapping[str, Any] | None = None,
    errors: Sequence[FieldError] = (),
    retry_after: int = RETRY_SECONDS,
    **more: Any,
) -> Response:
    """Return a problem document as a response; `more` are additional members of the document.

    `code` defaults to the one of the status; `params` are those that the code names.
    """
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    body["code"] = (code or code_of_status(status)).name
    if params:
        body["params"] = params
    body["detail"] = detail or SENTENCES.get(status, title + ".")
    if errors:
        body["errors"] = [_entry(one) for one in errors]
    body |= more
    body["request_id"] = request.id
    response = Response(orjson.dumps(body), status=status, content_type="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503) or retry_after != RETRY_SECONDS:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _entry(error: FieldError) -> dict[str, Any]:
    entry = {"in": error.where, "field": error.field, "code": error.code.name, "message": error.message}
    return {**entry, "params": error.params} if error.params else entry


def refused(error: errors.TmsError, request, **more: Any) -> Response:
    """Return the response for a domain error; `more` are additional members of the document."""
    if isinstance(error, errors.OperationError):
        return refused(error.error, request, index=error.index)
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    more = {"code": error.code, "params": error.params, **more}
    match error:
        case errors.InvalidError():
            detail = str(error) if len(error.errors) == 1 else "The request is not valid; see errors."
            if error.omitted:
                detail = f"The request is not valid; see errors for the first ones, and {error.omitted:,} more."
            return problem(request, status, detail, errors=error.errors, **more)
        case errors.ConflictError():
            return problem(request, status, str(error), errors=error.errors, **more)
        case errors.PreconditionFailedError():
            return problem(request, status, str(error), current=error.current, conflicts=error.conflicts, **more)
        case errors.TooManyRequestsError():
            response = problem(request, status, str(error), retry_after=error.retry_after, **more)
            response.headers.update(error.headers)
            return response
        case _:
            return problem(request, status, str(error), **more)


def http_error(error: HTTPException, request) -> Response:
    """Convert errors of Pyramid and Cornice; redirects and other non-errors are returned unchanged."""
    if error.code < 400:
        return error
    if isinstance(error, HTTPForbidden) and request.claims is None:
        return problem(request, 401)
    if error.code == 404 and (errors := bad_ids(request)):
        return problem(request, 404, f"{errors[0].field} {errors[0].message}", errors=errors)
    response = problem(request, error.code, **getattr(error, "problem_members", {}))
    if error.code == 405:
        response.allow = error.allow
    if "Accept-Encoding" in error.headers:
        response.headers["Accept-Encoding"] = error.headers["Accept-Encoding"]
    return response


def database_error(error: DBAPIError | PoolTimeoutError, request) -> Response:
    """Return 503 if the database is unavailable, overloaded or starting, or cancelled the query; else 500."""
    cause = getattr(error, "orig", error)
    if getattr(cause, "pgcode", None) in CONFLICTING:
        log.warning("conflicting transactions: %s", str(cause).strip())
        return problem(request, 503, CONFLICTED, code=codes.TRANSACTION_CONFLICT)
    if getattr(cause, "pgcode", None) == QUERY_CANCELED:
        log.warning("%s %s took too long: %s", request.method, request.environ["PATH_INFO"], str(cause).strip())
        return problem(request, 503, TOO_LONG, code=codes.QUERY_TIMEOUT)
    if isinstance(error, PoolTimeoutError) or is_away(error):
        log.error("the database does not answer: %s", str(cause).strip())
        return problem(request, 503, DATABASE_AWAY, code=codes.DATABASE_AWAY)
    return unexpected(error, request)


def not_utf8(error: URLDecodeError, request) -> Response:
    """Return 404 for a path that is not UTF-8."""
    return problem(request, 404)


def unexpected(error: Exception, request) -> Response:
    log.error("%s %s failed", request.method, request.environ["PATH_INFO"], exc_info=error)
    return problem(request, 500)


def includeme(config):
    config.add_exception_view(unexpected, context=Exception)
    config.add_exception_view(refused, context=errors.TmsError)
    config.add_exception_view(http_error, context=HTTPException)
    config.add_exception_view(not_utf8, context=URLDecodeError)
    config.add_exception_view(database_error, context=DBAPIError)
    config.add_exception_view(database_error, context=PoolTimeoutError)
