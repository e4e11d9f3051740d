"""Iterators over paginated lists."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tms_client.authenticated import AuthenticatedClient
from tms_client.errors import NotFoundError
from tms_client.transport import Query, Request, content_of


def each_result(client: AuthenticatedClient, path: str, query: Query) -> Iterator[dict[str, Any]]:
    """Yield the results of a page and of all pages after it, fetching each page when it is needed."""
    page = client.call("GET", path, query=query)
    yield from page["results"]
    while page["next"] is not None:
        try:
            page = client.call("GET", path, query=_query_of(page["next"]))
        except NotFoundError:
            # The list became shorter while it was read by page numbers.
            return
        yield from page["results"]


def each_linked(client: AuthenticatedClient, path: str, query: Query) -> Iterator[dict[str, Any]]:
    """Yield the items of a plain JSON array that is continued by `Link: rel="next"`."""
    while True:
        answer = client.send(Request("GET", path, query))
        yield from content_of(answer)
        if "next" not in answer.links:
            return
        query = _query_of(answer.links["next"]["url"])


def _query_of(address: str) -> list[tuple[str, str]]:
    # Only the query is used: the token must not be sent to another host that a link may name.
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)
