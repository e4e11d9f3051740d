"""`TmsClient`, the entry point of this library."""

from collections.abc import Callable, Mapping
from typing import Any, Self

from tms_client.api import AuthenticatedClient
from tms_client.clock import Clock, SystemClock
from tms_client.connection import Connector, checked_address
from tms_client.credentials import Credentials, FixedToken, Login
from tms_client.retry import RetryingClient, RetryPolicy
from tms_client.stream import EventStream
from tms_client.tasks import Tasks
from tms_client.transport import HttpTransport, Query, Request, content_of, query_params
from tms_client.users import Users


class TmsClient:
    """A client of one TMS server for one user; thread-safe.

    The user is given by `username` and `password`, or by `token`: a personal token (`tms_…`) or an access token.
    Without either, only requests that need no token succeed, such as registering. The first request signs in; `close`,
    or leaving a `with` block, signs out.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        token: str | None = None,
        realtime_url: str | None = None,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
    ):
        """`timeout` is in seconds. Without `realtime_url` the server is asked for its WebSocket address."""
        self._timeout = timeout
        self._realtime_url = None if realtime_url is None else checked_address(realtime_url)
        self._policy = retry or RetryPolicy()
        self._clock = clock or SystemClock()
        self._transport = HttpTransport(url, timeout)
        self._retrying = RetryingClient(self._transport, self._policy, self._clock)
        self._credentials = self._credentials_of(username, password, token)
        self._client = AuthenticatedClient(self._retrying, self._credentials)
        self.tasks = Tasks(self._client)
        self.users = Users(self._client)
        self._streams: list[EventStream] = []

    def _credentials_of(self, username: str | None, password: str | None, token: str | None) -> Credentials:
        match username, password, token:
            case None, None, _:
                return FixedToken(token and token.strip())
            case str(), str(), None:
                return Login(self._ask_unsigned, username, password, self._clock)
        raise TypeError("TmsClient takes username and password, or token, or neither")

    def _ask_unsigned(self, request: Request) -> Any:
        return content_of(self._retrying.send(request))

    def report(self, **filters: Any) -> dict[str, Any]:
        """Return the report over the tasks that match the filters of the task list."""
        report: dict[str, Any] = self._client.call("GET", "/api/task-report-insight", query=query_params(filters))
        return report

    def request(
        self, method: str, path: str, *, json: Any = None, params: Query = None, idempotency_key: str | None = None
    ) -> Any:
        """Send any other request and return its JSON. A POST whose response was lost is retried only with an
        `idempotency_key`; pass one where the endpoint supports it."""
        return self._client.call(method, path, query=params, body=json, key=idempotency_key)

    def events(
        self,
        since: int | None = None,
        filter: Mapping[str, Any] | None = None,
        on_reset: Callable[[int], object] | None = None,
        *,
        heartbeat: float = 20.0,
    ) -> EventStream:
        """Return a stream of the task events after the event `since` (default: about now) that match `filter`, the
        filters of the task list except `q`. The connection counts as lost after two `heartbeat` intervals (seconds)
        without a message."""
        address = self._realtime_url or checked_address(self.request("POST", "/api/ws-ticket")["url"])
        if since is None:
            since = self.request("GET", "/api/sync")["next"]
        connector = Connector(address, self._credentials, timeout=self._timeout, heartbeat=heartbeat)
        stream = EventStream(connector, self._policy, self._clock, since=since, filter=filter, on_reset=on_reset)
        self._streams = [*(one for one in self._streams if not one.is_closed), stream]
        return stream

    def close(self) -> None:
        """Close the event streams, sign out, and close all connections."""
        for stream in self._streams:
            stream.close()
        self._credentials.end()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
