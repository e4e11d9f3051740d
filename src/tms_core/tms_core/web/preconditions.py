"""Preconditions of RFC 9110, section 13, on every method of every resource.

They are evaluated once a request would otherwise succeed (section 13.2.1). A method that only reads is judged by the
ETag and the Last-Modified of its answer. One that writes is judged by the validators of what stood there before, which
its view notes; where none are noted, no entity tag fits. A write whose precondition fails is rolled back.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from pyramid.response import Response

from tms_core.errors import InvalidError
from tms_core.web.problems import problem
from tms_core.web.resource import methods_of

CONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")
READING = frozenset({"GET", "HEAD"})
# Methods that neither select nor modify a representation.
UNCONDITIONAL = frozenset({"OPTIONS", "TRACE", "CONNECT"})
# What a 304 repeats of the answer that it stands for (section 15.4.5).
REPEATED = ("ETag", "Cache-Control", "Content-Location", "Expires", "Last-Modified", "Vary")
MAX_HEADER_LENGTH = 8_000
ANY = "*"
# A bare number is taken as the tag of that version.
TAG = re.compile(r'(?:W/)?(?:"(?P<opaque>[\x21\x23-\x7e\x80-\xff]*)"|(?P<number>\d{1,18}))')
SEPARATOR = re.compile(r"[ \t]*(?:,[ \t,]*|$)")
FAILED = "A precondition of the request does not hold: it has changed since, or is not what the request says."


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of a resource from another. `more` are members of the problem where a precondition fails.
    `is_match_done`: the view has looked at If-Match itself."""

    tag: str | None = None
    modified: datetime | None = None
    more: Mapping[str, Any] | None = None
    is_match_done: bool = False


def has_conditions(request) -> bool:
    """Whether the request has preconditions."""
    environ = request.environ
    return any(name in environ for name in CONDITIONS)


def read_tags(header: str, name: str = "If-Match") -> frozenset[str]:
    """The entity tags of a list, weak ones as strong, or `*`; raises `InvalidError` where it is neither."""
    text = header.strip(" \t,")
    if text == ANY:
        return frozenset({ANY})
    if len(text) > MAX_HEADER_LENGTH:
        raise InvalidError.of(name, f"must have at most {MAX_HEADER_LENGTH:,} characters", "header")
    tags, place = set(), 0
    while place < len(text):
        found = TAG.match(text, place)
        end = SEPARATOR.match(text, found.end()) if found else None
        if found is None or end is None:
            break
        tags.add(f'"{found["number"] or found["opaque"] or ""}"')
        place = end.end()
    if not tags or place < len(text):
        raise InvalidError.of(name, 'must be * or entity tags, as "3" or "3", "4"', "header")
    return frozenset(tags)


def http_date(moment: datetime) -> str:
    """An instant as Last-Modified has it."""
    return formatdate(moment.timestamp(), usegmt=True)


def failed_status(request, state: Validators, *, exists: bool = True) -> int | None:
    """304 or 412 where a precondition fails, in the order of section 13.2.2; None where all hold."""
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
        # In If-None-Match what is no entity tag is none that anything has.
        if is_strict:
            raise
        return False
    return exists if ANY in tags else tag in tags


def _is_later(modified: datetime | None, header: str | None) -> bool | None:
    """Whether the state is from after the date of the header, by whole seconds; None where either is unknown."""
    if modified is None or header is None:
        return None
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        # A date that is none is ignored (sections 13.1.3 and 13.1.4).
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return modified.replace(microsecond=0) > date


def conditional(view: Callable[..., Any], info: Any) -> Callable[..., Any]:
    """Pyramid's view deriver: every view heeds the preconditions of its request."""
    if info.exception_only:
        return view

    def conditional_view(context, request):
        response = view(context, request)
        if not has_conditions(request) or request.method in UNCONDITIONAL or response.status_code // 100 != 2:
            return response
        if request.method in READING:
            return _judge_reading(request, response)
        return _judge_writing(request, response)

    return conditional_view


def _judge_reading(request, response: Response) -> Response:
    state = Validators(response.headers.get("ETag"), response.last_modified)
    match failed_status(request, state):
        case 304:
            kept = [(name, response.headers[name]) for name in REPEATED if name in response.headers]
            return Response(status=304, headerlist=kept)
        case 412:
            return problem(request, 412, FAILED)
        case _:
            return response


def _judge_writing(request, response: Response) -> Response:
    state: Validators | None = getattr(request, "validators", None)
    exists = state is not None or request.method != "POST" or request.matched_route.pattern in _readable(request)
    if failed_status(request, state or Validators(), exists=exists) is None:
        return response
    request.tm.doom()
    return problem(request, 412, FAILED, **((state and state.more) or {}))


def _readable(request) -> frozenset[str]:
    """The patterns of routes that have a representation to GET."""
    registry = request.registry
    if not hasattr(registry, "readable_patterns"):
        registry.readable_patterns = frozenset(one.pattern for one in methods_of(registry) if one.verb == "GET")
    found: frozenset[str] = registry.readable_patterns
    return found


def includeme(config):
    config.add_view_deriver(conditional)
