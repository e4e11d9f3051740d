"""The OpenAPI document of the API, built when it is first asked for: it would be a twentieth of a process's start."""

import hashlib
from functools import cached_property
from importlib.metadata import version
from typing import Any

from tms_api.openapi.docs_page import Page, render
from tms_core.web.openapi.document import build_document
from tms_core.web.resource import to_json

SUMMARY = "Tasks with assignees and due dates."
CONVENTIONS = (
    "A trailing slash in a path is optional, and every GET supports HEAD. Sign in with `POST /api/token` and send the "
    "access token with all other requests: `Authorization: Bearer <access>`. Errors are problem documents (RFC 9457) "
    "that list all validation errors at once; `request_id`, also in `X-Request-ID`, identifies the request in the "
    "server's log. Lists are paginated. `ETag`, `If-None-Match` and `If-Match` prevent unnecessary transfers and lost "
    "updates; `Idempotency-Key` makes it safe to repeat a POST."
)


class Description:
    """The serialised OpenAPI document and the HTML page rendered from it."""

    def __init__(self, registry):
        self._registry = registry

    @cached_property
    def document(self) -> dict[str, Any]:
        info = {"title": "TMS", "version": version("tms-api"), "summary": SUMMARY, "description": CONVENTIONS}
        return build_document(self._registry, info)

    @cached_property
    def body(self) -> bytes:
        return to_json(self.document)

    @cached_property
    def tag(self) -> str:
        return hashlib.blake2b(self.body, digest_size=8).hexdigest()

    @cached_property
    def page(self) -> Page:
        return render(self.document)
