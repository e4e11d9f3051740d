"""Entity tags of tasks and pages, and the expected version of a write (RFC 9110, section 13)."""

import hashlib
import re
from datetime import datetime
from typing import Annotated

from pydantic import Field
from pyramid.response import Response

from tms_api.schemas.task_responses import PreconditionFailed
from tms_core.services.task_rules import Expectation
from tms_core.services.task_state import TaskRow, snapshot_of
from tms_core.web.caching import REVALIDATED
from tms_core.web.openapi import Parameter, ResponseDoc
from tms_core.web.preconditions import ANY, Validators, http_date, read_tags
from tms_core.web.resource import json_response

VERSION = re.compile(r'"(\d{1,18})"', re.ASCII)
# An unquoted number is accepted as the tag of that version.
ENTITY_TAG = r'(W/)?("[\x21\x23-\x7e]*"|\d{1,18})'
TAG_BYTES = 8
IF_MATCH = Parameter(
    name="If-Match",
    where="header",
    help="The expected ETag of the task, a list of which one must match, or `*`; a prefix `W/` is ignored. If the task "
    "has changed since, the response is 412, except for a PATCH of fields that have not changed, which is merged.",
    kind=Annotated[str, Field(pattern=rf"^(\*|{ENTITY_TAG}(, ?{ENTITY_TAG})*)$")],
    example='"3"',
    responses={400: ResponseDoc(), 412: PreconditionFailed},
)


def tagged(
    body: bytes,
    tag: str,
    *,
    headers: dict[str, str] | None = None,
    status: int = 200,
    modified: datetime | None = None,
) -> Response:
    """Return a JSON response with an ETag and, unless `modified` is None, a Last-Modified."""
    found = {**(headers or {}), "ETag": f'"{tag}"', "Cache-Control": REVALIDATED}
    if modified is not None:
        found["Last-Modified"] = http_date(modified)
    return json_response(body, status=status, headers=found)


def tag_of(body: bytes) -> str:
    """Return the entity tag of a representation without a version."""
    return hashlib.blake2b(body, digest_size=TAG_BYTES).hexdigest()


def task_validators(task: TaskRow, *, is_match_done: bool) -> Validators:
    """Return the validators for a task's preconditions. The problem document of a 412 contains the current task."""
    more = {"current": snapshot_of(task), "conflicts": {}}
    return Validators(f'"{task.version}"', task.updated_at, more, is_match_done)


def expectation(request, version: int | None, *, merge: bool) -> Expectation | None:
    """Return the version that the client expects, from If-Match or else from the body, or None if it expects none.

    Any of several versions matches; tags that are not a task's match no version.
    """
    header = request.environ.get("HTTP_IF_MATCH")
    if header is None:
        return Expectation(version, merge) if version is not None else None
    tags = read_tags(header)
    if ANY in tags:
        return None
    versions = sorted(int(found[1]) for tag in tags if (found := VERSION.fullmatch(tag)))
    return Expectation(versions[-1] if versions else 0, merge, frozenset(versions))
