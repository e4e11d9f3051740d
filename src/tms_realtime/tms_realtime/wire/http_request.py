"""A request's head, as those of event streams and of the status port come."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, urlsplit

from autobahn.websocket.protocol import parseHttpHeader

END = b"\r\n\r\n"
LARGEST_REQUEST = 16_384
MOST_PARAMETERS = 100


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Header names are in lower case."""

    method: str
    path: str
    params: dict[str, list[str]]
    headers: dict[str, str]

    @classmethod
    def parse(cls, head: bytes) -> Self:
        """From all up to the empty line. Raises ValueError for what is no HTTP."""
        try:
            line, headers, _counts = parseHttpHeader(head)
            method, target, version = line.split()
        except Exception as error:
            raise ValueError("this is no HTTP request") from error
        if not version.startswith("HTTP/1."):
            raise ValueError(f"{version[:20]} is not spoken here")
        return cls(method, urlsplit(target).path, parameters(target), headers)


def parameters(target: str) -> dict[str, list[str]]:
    """Of a request's address, the empty ones too. Raises ValueError for too many."""
    return parse_qs(urlsplit(target).query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
