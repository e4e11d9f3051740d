"""The documentation of the description of the API."""

from typing import Any

from tms_core.web.openapi import ETAG, IF_NONE_MATCH, ResponseDoc, documented

get_openapi = documented(
    "get_openapi",
    headers=(IF_NONE_MATCH,),
    responses={200: ResponseDoc(dict[str, Any], "OpenAPI 3.1.", headers=(ETAG,))},
    needs_database=False,
)

get_docs = documented(
    "get_docs",
    headers=(IF_NONE_MATCH,),
    responses={200: ResponseDoc(str, "An HTML page.", headers=(ETAG,), content_types=("text/html",))},
    needs_database=False,
)
