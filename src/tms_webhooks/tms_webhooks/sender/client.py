"""The HTTP client of deliveries: bounded in time and size, without redirects, and only to permitted addresses."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from tms_core.sanitizing import error_line, shortened
from tms_webhooks.addresses import is_public
from tms_webhooks.sender.resolver import ThreadResolver
from tms_webhooks.sender.retry_after import seconds_to_wait
from tms_webhooks.settings import WebhookSettings

MAX_ANSWER_BYTES = 4_096
MAX_ERROR_LENGTH = 300
DNS_CACHE_SECONDS = 30
KEEP_ALIVE_SECONDS = 30
NUL = "\x00"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one attempt: the receiver's answer, or why there is none. `retry_after` is in seconds."""

    duration_ms: int
    status: int | None = None
    excerpt: str | None = None
    error: str | None = None
    retry_after: float | None = None

    @property
    def is_success(self) -> bool:
        return self.error is None and self.status is not None and 200 <= self.status < 300


class PrivateAddressError(OSError):
    """The host of the URL has an address that is not public."""


class DeliveryClient:
    """Posts deliveries. Connections are kept open per host."""

    def __init__(self, settings: WebhookSettings):
        self._timeout = settings.timeout
        self._allow_private = settings.allow_private
        self._require_https = settings.require_https
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._resolver = ThreadResolver()
        connector = aiohttp.TCPConnector(
            limit=0,
            resolver=self._resolver,
            ttl_dns_cache=DNS_CACHE_SECONDS,
            socket_factory=self._create_socket,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            # The bound applies to the bytes that are received.
            auto_decompress=False,
            trust_env=False,
            headers={"User-Agent": "TMS-Webhooks", "Content-Type": "application/json", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._resolver.close()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one delivery; errors of any kind are in the answer."""
        began = time.monotonic()

        def taken() -> int:
            return round((time.monotonic() - began) * 1000)

        if self._require_https and not url.startswith("https:"):
            return Answer(0, error="the URL is not https://")
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                excerpt = await _excerpt(response)
                wait = seconds_to_wait(response.headers.get("Retry-After"))
                return Answer(taken(), response.status, excerpt, retry_after=wait)
        except TimeoutError:
            return Answer(taken(), error=f"no answer within {self._timeout:g} seconds")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(taken(), error=_reason(error))
        except Exception as error:
            # Without an answer, the delivery would stay under way, and its webhook leased, until the process ends.
            log.exception("the delivery %s failed for an unforeseen reason", headers.get("webhook-id"))
            return Answer(taken(), error=_reason(error))

    def _create_socket(self, address: Any) -> socket.socket:
        """Create the socket for one resolved address; the connector connects to just this one.

        Checked here and not when the name is resolved, so that nothing can come between check and use.
        """
        family, kind, protocol, _, where = address
        if not self._allow_private and not is_public(where[0]):
            raise PrivateAddressError("the host has no public address")
        return socket.socket(family, kind, protocol)


async def _excerpt(response: aiohttp.ClientResponse) -> str:
    """Return the beginning of the body; closes the connection if there is more."""
    parts: list[bytes] = []
    left = MAX_ANSWER_BYTES
    while left and (part := await response.content.read(left)):
        parts.append(part)
        left -= len(part)
    if not left and not response.content.at_eof():
        response.close()
    return b"".join(parts).decode(errors="replace").replace(NUL, "\ufffd")


def _reason(error: Exception) -> str:
    cause = getattr(error, "os_error", None) or error
    match cause:
        case PrivateAddressError():
            text = str(cause)
        case ssl.SSLCertVerificationError():
            text = f"the certificate is not valid: {cause.verify_message}"
        case socket.gaierror():
            text = "the host has no address"
        case ConnectionRefusedError():
            text = "the connection was refused"
        case aiohttp.ServerDisconnectedError() | ConnectionResetError():
            text = "the receiver closed the connection without an answer"
        case asyncio.TimeoutError():
            text = "no answer in time"
        case _:
            text = error_line(cause)
    return shortened(text, MAX_ERROR_LENGTH)
