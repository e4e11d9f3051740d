"""Entity tags of tasks and pages, and the version that a writer saw (RFC 9110, section 13)."""

import hashlib
import re
from datetime import datetime
from typing import Annotated

from pydantic import Field
from pyramid.response import Response

from tms_api.schemas.task_answers import PreconditionFailed
from tms_core.services.task_rules import Expectation
from tms_core.services.task_state import TaskRow, snapshot_of
from tms_core.web.openapi import Answer, Header, Parameter
from tms_core.web.preconditions import ANY, Validators, http_date, read_tags
from tms_core.web.resource import json_response

VERSION = re.compile(r'"(\d{1,18})"', re.ASCII)
# A bare number is taken as the tag of that version.
ENTITY_TAG = r'(W/)?("[\x21\x23-\x7e]*"|\d{1,18})'
TAG_BYTES = 8
# Kept by the client alone, and asked for again each time.
REVALIDATED = "private, no-cache"
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
    help="The ETag of the task that one saw, several of which one will do, or `*`; `W/` before it is let be. "
    "Behind it, nothing is done: 412; only a PATCH whose fields nobody touched meanwhile is merged.",
    kind=Annotated[str, Field(pattern=rf"^(\*|{ENTITY_TAG}(, ?{ENTITY_TAG})*)$")],
    example='"3"',
    answers={400: Answer(), 412: PreconditionFailed},
)


def tagged(
    body: bytes,
    tag: str,
    *,
    headers: dict[str, str] | None = None,
    status: int = 200,
    modified: datetime | None = None,
) -> Response:
    """The body with its ETag and, where it is known, its Last-Modified."""
    response = json_response(body, status=status, headers=headers)
    response.headers["ETag"] = f'"{tag}"'
    response.headers["Cache-Control"] = REVALIDATED
    if modified is not None:
        response.headers["Last-Modified"] = http_date(modified)
    return response


def tag_of(body: bytes) -> str:
    """The entity tag of what has no version."""
    return hashlib.blake2b(body, digest_size=TAG_BYTES).hexdigest()


def task_validators(task: TaskRow, *, is_match_done: bool) -> Validators:
    """What a task's preconditions are judged by; the problem shows the task as it is."""
    more = {"current": snapshot_of(task), "conflicts": {}}
    return Validators(f'"{task.version}"', task.updated_at, more, is_match_done)


def expectation(request, version: int | None, *, merge: bool) -> Expectation | None:
    """The version that the caller saw, from If-Match or else from its body. Of several versions any will do; tags that
    are none of a task fit no version."""
    header = request.environ.get("HTTP_IF_MATCH")
    if header is None:
        return Expectation(version, merge) if version is not None else None
    tags = read_tags(header)
    if ANY in tags:
        return None
    versions = sorted(int(found[1]) for tag in tags if (found := VERSION.fullmatch(tag)))
    return Expectation(versions[-1] if versions else 0, merge, frozenset(versions))
