"""Requests in somebody's name."""

from typing import Any

import requests

from tms_client.credentials import Credentials
from tms_client.errors import NotAuthenticatedError
from tms_client.exchange import KEY_HEADER, Query, Request, content_of
from tms_client.repeating import Repeater


class Caller:
    """Asks with a token; where that is refused, once more with a new one."""

    def __init__(self, repeater: Repeater, credentials: Credentials):
        self._repeater = repeater
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
        """What the answer says. `key` goes as Idempotency-Key, `version` as If-Match."""
        headers = {} if key is None else {KEY_HEADER: key}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return content_of(self.send(Request(method.upper(), path, query, body, headers)))

    def send(self, request: Request) -> requests.Response:
        token = self._credentials.token()
        try:
            return self._repeater.send(request, token)
        except NotAuthenticatedError:
            other = self._credentials.renewed(token)
            if other is None:
                raise
        return self._repeater.send(request, other)
