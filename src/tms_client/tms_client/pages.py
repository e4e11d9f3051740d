"""Reading a list to its end."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tms_client.caller import Caller
from tms_client.exchange import Query, Request, content_of


def each_result(caller: Caller, path: str, query: Query) -> Iterator[dict[str, Any]]:
    """The results of a page and of all that follow it; each page is asked for when the one before it is used up."""
    while True:
        page = caller.call("GET", path, query=query)
        yield from page["results"]
        if page["next"] is None:
            return
        query = _query_of(page["next"])


def each_linked(caller: Caller, path: str, query: Query) -> Iterator[dict[str, Any]]:
    """The same of a bare list, whose Link header says where it goes on."""
    while True:
        answer = caller.send(Request("GET", path, query))
        yield from content_of(answer)
        if "next" not in answer.links:
            return
        query = _query_of(answer.links["next"]["url"])


def _query_of(address: str) -> list[tuple[str, str]]:
    # No more of it than that: behind a proxy the server may take itself for another host, and the token goes to ours
    # alone.
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)
