"""Access control of metrics, for the API and the realtime process.

In production `tms.metrics.token` is required as a Bearer token, also from loopback, where a reverse proxy connects
from. In development loopback clients need no token, unless the request was forwarded by a proxy.
"""

import hmac
from collections.abc import Mapping

from tms_core.addresses import is_loopback
from tms_core.error_codes import METRICS_NOT_PUBLIC
from tms_core.errors import ForbiddenError, NotAuthenticatedError
from tms_core.settings import CoreSettings

PROXY_HEADERS = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-real-ip", "via")
SCHEME = "bearer"


class MetricsAccess:
    def __init__(self, core: CoreSettings):
        self._token = core.metrics_token.get_secret_value().encode() if core.metrics_token else None
        self._is_open_to_loopback = core.environment == "development"

    def check(self, peer: str, headers: Mapping[str, str]) -> None:
        """Raise `ForbiddenError` or `NotAuthenticatedError` unless access is allowed. `headers` has lower-case names or
        is case-insensitive."""
        if self._is_open_to_loopback and is_loopback(peer) and not any(name in headers for name in PROXY_HEADERS):
            return
        if self._token is None:
            raise ForbiddenError(
                "Metrics are not public: set tms.metrics.token and send it as a Bearer token.", METRICS_NOT_PUBLIC
            )
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != SCHEME or not hmac.compare_digest(given.strip().encode(), self._token):
            raise NotAuthenticatedError("This needs tms.metrics.token: Authorization: Bearer …")
