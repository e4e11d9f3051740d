"""Parses the head of HTTP requests, for event streams and the status port."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, urlsplit

from autobahn.websocket.protocol import parseHttpHeader

from tms_core.http_host import is_host

END = b"\r\n\r\n"
MAX_REQUEST_BYTES = 16_384
MAX_PARAMETERS = 100
BAD_HOST = "the Host header must be a host name or an IP address, with or without a port"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Request line and headers. Header names are in lower case."""

    method: str
    target: str
    path: str
    params: dict[str, list[str]]
    headers: dict[str, str]

    @classmethod
    def parse(cls, head: bytes) -> Self:
        """Parse everything up to the empty line. Raises ValueError for malformed HTTP."""
        try:
            line, headers, counts = parseHttpHeader(head)
            method, target, version = line.split()
        except Exception as error:
            raise ValueError("not an HTTP request") from error
        if not version.startswith("HTTP/1."):
            raise ValueError(f"{version[:20]} is not supported")
        host = headers.get("host", "localhost" if version == "HTTP/1.0" else "")
        if counts.get("host", 0) > 1 or not is_host(host):
            raise ValueError(BAD_HOST)
        return cls(method, target, urlsplit(target).path, query_params(target), headers)


def query_params(target: str) -> dict[str, list[str]]:
    """Return the query parameters of a URL, including empty ones. Raises ValueError for too many."""
    return parse_qs(urlsplit(target).query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
