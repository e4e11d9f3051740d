"""Preconditions (RFC 9110, section 13) on every method of every resource.

Preconditions are evaluated after the view, if the request would otherwise succeed (section 13.2.1). GET and HEAD are
compared with the ETag and Last-Modified of the response. Writes are compared with the validators of the previous state,
which the view stores in `request.validators`; without those, no entity tag matches. A write whose precondition fails is
rolled back.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pyramid.response import Response

from tms_core import error_codes as codes
from tms_core.errors import InvalidError
from tms_core.web.problems import problem
from tms_core.web.resource import methods_of

IF_MATCH_KEY = "HTTP_IF_MATCH"
CONDITIONS = (IF_MATCH_KEY, "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")
READING = frozenset({"GET", "HEAD"})
# Methods that neither select nor modify a representation.
UNCONDITIONAL = frozenset({"OPTIONS", "TRACE", "CONNECT"})
# Headers that a 304 has in common with the 200 (section 15.4.5).
REPEATED = ("ETag", "Cache-Control", "Content-Location", "Expires", "Last-Modified", "Vary")
MAX_HEADER_LENGTH = 8_000
ANY = "*"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# A number without quotes is accepted as the tag of that version.
TAG = re.compile(r'(?:W/)?(?:"(?P<opaque>[\x21\x23-\x7e\x80-\xff]*)"|(?P<number>\d{1,18}))')
SEPARATOR = re.compile(r"[ \t]*(?:,[ \t,]*|$)")
FAILED = "A precondition of the request failed: the resource has changed, or is not in the expected state."


@dataclass(frozen=True, slots=True)
class Validators:
    """The validators of one state of a resource (RFC 9110, section 8.8).

    `more` are additional members of the problem document if a precondition fails. `is_match_done` means that the view
    has evaluated If-Match.
    """

    tag: str | None = None
    modified: datetime | None = None
    more: Mapping[str, Any] | None = None
    is_match_done: bool = False


def has_conditions(request, *, but: str | None = None) -> bool:
    """Return whether the request has preconditions, other than the one with the environ key `but`."""
    environ = request.environ
    return any(name in environ and name != but for name in CONDITIONS)


def read_tags(header: str, name: str = "If-Match") -> frozenset[str]:
    """Parse a list of entity tags, or `*`. Weak tags are returned as strong. Raises `InvalidError` if malformed."""
    text = header.strip(" \t,")
    if text == ANY:
        return frozenset({ANY})
    if len(text) > MAX_HEADER_LENGTH:
        message = f"must have at most {MAX_HEADER_LENGTH:,} characters"
        raise InvalidError.of(name, message, codes.TOO_LONG, "header", maximum=MAX_HEADER_LENGTH)
    tags, place = set(), 0
    while place < len(text):
        found = TAG.match(text, place)
        end = SEPARATOR.match(text, found.end()) if found else None
        if found is None or end is None:
            break
        tags.add(f'"{found["number"] or found["opaque"] or ""}"')
        place = end.end()
    if not tags or place < len(text):
        message = 'must be * or entity tags, as "3" or "3", "4"'
        raise InvalidError.of(name, message, codes.NOT_ENTITY_TAGS, "header")
    return frozenset(tags)


def http_date(moment: datetime) -> str:
    """Format an instant for Last-Modified, like `email.utils.formatdate`, in a fifth of its time."""
    utc = moment.astimezone(UTC)
    day, month = DAYS[utc.weekday()], MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02} {month} {utc.year:04} {utc.hour:02}:{utc.minute:02}:{utc.second:02} GMT"


def failed_status(request, state: Validators, *, exists: bool = True) -> int | None:
    """Return 304 or 412 if a precondition fails, in the order of section 13.2.2, or None if all hold."""
    environ, is_reading = request.environ, request.method in READING
    if (match := environ.get("HTTP_IF_MATCH")) is not None:
        if not state.is_match_done and not _fits(match, state.tag, exists=exists):
            return 412
    elif _is_later(state.modified, environ.get("HTTP_IF_UNMODIFIED_SINCE")):
        return 412
    if (none_match := environ.get("HTTP_IF_NONE_MATCH")) is not None:
        if _fits(none_match, state.tag, exists=exists, is_strict=False):
            return 304 if is_reading else 412
    elif is_reading and state.modified and _is_later(state.modified, environ.get("HTTP_IF_MODIFIED_SINCE")) is False:
        return 304
    return None


def _fits(header: str, tag: str | None, *, exists: bool, is_strict: bool = True) -> bool:
    try:
        tags = read_tags(header)
    except InvalidError:
        # A malformed If-None-Match matches nothing.
        if is_strict:
            raise
        return False
    return exists if ANY in tags else tag in tags


def _is_later(modified: datetime | None, header: str | None) -> bool | None:
    """Return whether the state is newer than the header's date, in whole seconds; None if either is unknown."""
    if modified is None or header is None:
        return None
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        # Invalid dates are ignored (sections 13.1.3 and 13.1.4).
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return modified.replace(microsecond=0) > date


def conditional(view: Callable[..., Any], info: Any) -> Callable[..., Any]:
    """View deriver that evaluates the preconditions of every request."""
    if info.exception_only:
        return view

    def conditional_view(context, request):
        response = view(context, request)
        if not has_conditions(request) or request.method in UNCONDITIONAL or response.status_code // 100 != 2:
            return response
        if request.method in READING:
            return _check_read(request, response)
        return _check_write(request, response)

    return conditional_view


def _check_read(request, response: Response) -> Response:
    state = Validators(response.headers.get("ETag"), response.last_modified)
    match failed_status(request, state):
        case 304:
            kept = [(name, response.headers[name]) for name in REPEATED if name in response.headers]
            return Response(status=304, headerlist=kept)
        case 412:
            return problem(request, 412, FAILED)
        case _:
            return response


def _check_write(request, response: Response) -> Response:
    state: Validators | None = getattr(request, "validators", None)
    exists = state is not None or request.method != "POST" or request.matched_route.pattern in _readable(request)
    if failed_status(request, state or Validators(), exists=exists) is None:
        return response
    request.tm.doom()
    return problem(request, 412, FAILED, **((state and state.more) or {}))


def _readable(request) -> frozenset[str]:
    """Return the patterns of the routes that support GET."""
    registry = request.registry
    if not hasattr(registry, "readable_patterns"):
        registry.readable_patterns = frozenset(one.pattern for one in methods_of(registry) if one.verb == "GET")
    found: frozenset[str] = registry.readable_patterns
    return found


def includeme(config):
    config.add_view_deriver(conditional)
