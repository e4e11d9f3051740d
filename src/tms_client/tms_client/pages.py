"""Reading a list to its end."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tms_client.authenticated import AuthenticatedClient
from tms_client.errors import NotFoundError
from tms_client.transport import Query, Request, content_of


def each_result(client: AuthenticatedClient, path: str, query: Query) -> Iterator[dict[str, Any]]:
    """The results of a page and of all that follow it; each page is asked for when the one before it is used up."""
    page = client.call("GET", path, query=query)
    yield from page["results"]
    while page["next"] is not None:
        try:
            page = client.call("GET", path, query=_query_of(page["next"]))
        except NotFoundError:
            # What is read by page numbers has become shorter meanwhile.
            return
        yield from page["results"]


def each_linked(client: AuthenticatedClient, path: str, query: Query) -> Iterator[dict[str, Any]]:
    """The same of a bare list, whose Link header says where it goes on."""
    while True:
        answer = client.send(Request("GET", path, query))
        yield from content_of(answer)
        if "next" not in answer.links:
            return
        query = _query_of(answer.links["next"]["url"])


def _query_of(address: str) -> list[tuple[str, str]]:
    # No more of it than that: behind a proxy the server may take itself for another host, and the token goes to ours
    # alone.
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)
