"""ETag, If-None-Match and If-Match (RFC 9110, section 13)."""

import re

from pyramid.response import Response

from tms_core.errors import InvalidError
from tms_core.services.task_rules import Expectation
from tms_core.web.resource import json_response

TAG = re.compile(r'(?:W/)?"?(\d{1,18})"?')


def tagged(request, body: bytes, tag: str, *, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """The body with its ETag, or 304 where the client has it already."""
    entity_tag = f'"{tag}"'
    if request.method in ("GET", "HEAD") and _has_it(request.environ.get("HTTP_IF_NONE_MATCH"), entity_tag):
        return Response(status=304, headerlist=[("ETag", entity_tag), ("Cache-Control", "private, no-cache")])
    response = json_response(body, status=status, headers=headers)
    response.headers["ETag"] = entity_tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _has_it(header: str | None, entity_tag: str) -> bool:
    if not header:
        return False
    tags = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in tags or entity_tag in tags


def expectation(request, version: int | None, *, merge: bool) -> Expectation | None:
    """The version that the caller saw, from If-Match or else from its body."""
    header = request.environ.get("HTTP_IF_MATCH", "").strip()
    if not header:
        return Expectation(version, merge) if version is not None else None
    if header == "*":
        return None
    found = TAG.fullmatch(header)
    if found is None:
        raise InvalidError.of("If-Match", 'must be one ETag of this task, as "3"', "header")
    return Expectation(int(found[1]), merge)
