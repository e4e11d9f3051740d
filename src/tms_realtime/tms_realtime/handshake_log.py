"""Access log lines of handshakes: one for each WebSocket and event stream that was opened or refused."""

from collections.abc import Mapping
from typing import Any

from tms_core.access_log import AccessLog
from tms_core.client_address import address_of
from tms_core.settings import CoreSettings


class HandshakeLog:
    def __init__(self, core: CoreSettings):
        self._log = AccessLog(core.log_format, "realtime") if core.access_log else None
        self._trusted_proxies = core.trusted_proxies

    def log(
        self,
        method: str,
        target: str,
        status: int,
        seconds: float,
        *,
        transport: Any,
        headers: Mapping[str, str],
        user_id: int | None,
    ) -> None:
        """`headers` has lower-case names."""
        if self._log is None:
            return
        environ = {"REMOTE_ADDR": transport.getPeer().host, "HTTP_X_FORWARDED_FOR": headers.get("x-forwarded-for", "")}
        address = address_of(environ, self._trusted_proxies)
        self._log.log(method, target, status, seconds, address=address, user_id=user_id)
