"""Requests that carry a user's access token."""

from typing import Any

import requests

from tms_client.credentials import Credentials
from tms_client.errors import NotAuthenticatedError
from tms_client.retrying import RetryingClient
from tms_client.transport import KEY_HEADER, Query, Request, content_of


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
