"""Requests of one user to the API, with the user's token and over all pages of a list."""

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tms_client.credentials import Credentials
from tms_client.errors import NotAuthenticatedError, NotFoundError
from tms_client.retry import RetryingClient
from tms_client.transport import KEY_HEADER, Query, Request, content_of

MAX_PAGE_SIZE = 200


class AuthenticatedClient:
    """Sends requests with a token, and once more with a new token after a 401."""

    def __init__(self, retrying: RetryingClient, credentials: Credentials):
        self._retrying = retrying
        self._credentials = credentials

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Query = None,
        body: Any = None,
        key: str | None = None,
        version: int | None = None,
    ) -> Any:
        """Return the response's JSON. `key` is sent as Idempotency-Key, `version` as If-Match."""
        headers = {} if key is None else {KEY_HEADER: key}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return content_of(self.send(Request(method.upper(), path, query, body, headers)))

    def send(self, request: Request) -> requests.Response:
        token = self._credentials.token()
        try:
            return self._retrying.send(request, token)
        except NotAuthenticatedError:
            other = self._credentials.renewed(token)
            if other is None:
                raise
        return self._retrying.send(request, other)


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


def new_key() -> str:
    """Return a random Idempotency-Key."""
    return str(uuid.uuid4())


def _query_of(address: str) -> list[tuple[str, str]]:
    # Only the query is used: the token must not be sent to another host that a link may name.
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)
