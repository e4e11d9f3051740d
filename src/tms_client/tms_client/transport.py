"""HTTP requests by the library requests and the encoding of their values, without retries and token renewal."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from tms_client.errors import ConnectionFailedError, UnexpectedAnswerError, UntrustedServerError

USER_AGENT = f"tms-client/{version('tms-client')}"
# Idempotent methods. PATCH is one here: every PATCH of TMS sets the fields that it names.
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
KEY_HEADER = "Idempotency-Key"
# Connections kept in the pool, for as many threads.
KEPT_CONNECTIONS = 32
Query = Mapping[str, Any] | Iterable[tuple[str, Any]] | None


@dataclass(frozen=True, slots=True)
class Request:
    """`body` is sent as JSON unless it is None."""

    method: str
    path: str
    query: Query = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Whether a repeated POST has no further effect.
    is_harmless: bool = False

    @property
    def is_repeatable(self) -> bool:
        return self.is_harmless or self.method in REPEATABLE or KEY_HEADER in self.headers


class _Bearer(requests.auth.AuthBase):
    """Sets the Authorization header. Used without a token too, since requests would otherwise read ~/.netrc."""

    def __init__(self, token: str | None):
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class HttpTransport:
    """A connection pool to one server; thread-safe."""

    def __init__(self, url: str, timeout: float):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"not the address of a TMS, as https://tms.example: {url!r}")
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        # Responses would change the cookies of the session, which is not thread-safe.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=KEPT_CONNECTIONS))

    def send(self, request: Request, token: str | None = None) -> requests.Response:
        """Return the response with any status. Raises `ConnectionFailedError` when there is none."""
        headers = dict(request.headers)
        data = None
        if request.body is not None:
            data = json.dumps(request.body, default=as_json).encode()
            headers["Content-Type"] = "application/json"
        try:
            return self._session.request(
                request.method,
                f"{self._url}/{request.path.lstrip('/')}",
                params=request.query,
                data=data,
                headers=headers,
                auth=_Bearer(token),
                timeout=self._timeout,
                # A POST would be repeated as a GET; TMS redirects nothing.
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise UntrustedServerError(f"{self._url}: {error}") from error
        except (
            requests.exceptions.ConnectionError,
            requests.exceptions.Timeout,
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
        ) as error:
            raise ConnectionFailedError(f"{request.method} {request.path}: {error}") from error

    def close(self) -> None:
        self._session.close()


def content_of(response: requests.Response) -> Any:
    """Return the JSON of a successful response."""
    try:
        return json.loads(response.content)
    except ValueError:
        raise UnexpectedAnswerError(f"{response.url} answered {response.status_code} without JSON") from None


def as_json(value: object) -> str:
    """Serialise a `date` as YYYY-MM-DD; for `json.dumps(default=…)`."""
    # A datetime is a date too, but its day depends on the time zone.
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be serialised as JSON: {value!r}")


def query_params(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return query parameters: None is left out, and a list becomes one parameter per value."""
    return [(name, _as_param(one)) for name, value in values.items() for one in _items(value) if one is not None]


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    else:
        yield value


def _as_param(value: Any) -> str:
    return as_json(value) if isinstance(value, date) else str(value)
