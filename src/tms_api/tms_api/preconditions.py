"""ETag, If-None-Match and If-Match (RFC 9110, section 13)."""

import re
from typing import Annotated

from pydantic import Field
from pyramid.response import Response

from tms_api.schemas.task_answers import PreconditionFailed
from tms_core.errors import InvalidError
from tms_core.services.task_rules import Expectation
from tms_core.web.openapi import Answer, Header, Parameter
from tms_core.web.resource import json_response

TAG = re.compile(r'(?:W/)?"?(\d{1,18})"?')
ETAG = Header("ETag", "Names what came; for If-None-Match and If-Match.", '"3"')
IF_NONE_MATCH = Parameter(
    name="If-None-Match",
    where="header",
    help="The ETags that one has already; if one of them still holds, the answer is 304.",
    example='"3"',
    answers={304: Answer(None, "What one has is up to date.", headers=(ETAG,))},
)
IF_MATCH = Parameter(
    name="If-Match",
    where="header",
    help="The ETag of the task that one saw, or `*`. Behind it, nothing is done: 412; only a PATCH whose fields nobody "
    "touched meanwhile is merged.",
    kind=Annotated[str, Field(pattern=r'^(\*|(W/)?"?\d{1,18}"?)$')],
    example='"3"',
    answers={400: Answer(), 412: PreconditionFailed},
)


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
    header = request.environ.get("HTTP_IF_MATCH")
    if header is None:
        return Expectation(version, merge) if version is not None else None
    if header.strip() == "*":
        return None
    found = TAG.fullmatch(header.strip())
    if found is None:
        raise InvalidError.of("If-Match", 'must be one ETag of this task, as "3"', "header")
    return Expectation(int(found[1]), merge)
