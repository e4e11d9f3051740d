"""The description of the API that this process serves, made once when it starts."""

import hashlib
from functools import cached_property
from importlib.metadata import version
from typing import Any

from tms_api.docs_page import Page, render
from tms_core.web.openapi.document import build_document
from tms_core.web.resource import to_json

SUMMARY = "Tasks, who does them and until when."
CONVENTIONS = (
    "Every path answers with and without a slash at its end, and every GET to HEAD too. Sign in by `POST /api/token` "
    "and send the access token with every other request: `Authorization: Bearer <access>`. Errors are problem "
    "documents (RFC 9457) that name every fault at once; `request_id`, also in `X-Request-ID`, stands in the server's "
    "log. Lists come a page at a time. `ETag`, `If-None-Match` and `If-Match` spare transfers and lost updates; "
    "`Idempotency-Key` makes a POST safe to send again."
)


class Description:
    """The document and its page as they go out."""

    def __init__(self, registry):
        info = {"title": "TMS", "version": version("tms-api"), "summary": SUMMARY, "description": CONVENTIONS}
        self.document: dict[str, Any] = build_document(registry, info)
        self.body = to_json(self.document)
        self.tag = hashlib.blake2b(self.body, digest_size=8).hexdigest()

    @cached_property
    def page(self) -> Page:
        return render(self.document)
