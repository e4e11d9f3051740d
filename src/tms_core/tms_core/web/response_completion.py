"""What the core's tweens add to every response and record about it, for responses that do not pass through them."""

import time

from tms_core.access_log import AccessLog
from tms_core.client_address import address_of
from tms_core.settings import CoreSettings
from tms_core.web.access_log import target_of
from tms_core.web.cors import CorsOrigins
from tms_core.web.lookup_responses import HttpResponse, LookupRequest
from tms_core.web.request_ids import HEADER as REQUEST_ID
from tms_core.web.request_ids import request_id_of
from tms_core.web.request_metrics import count_request
from tms_core.web.security_headers import security_headers


class ResponseCompletion:
    """Adds the headers of `request_ids`, `cors` and `security_headers`, logs the request and counts it."""

    def __init__(self, core: CoreSettings):
        self._security_headers = list(security_headers(core).items())
        self._origins = CorsOrigins(core.cors_origins)
        self._trusted = core.trusted_proxies
        self._access_log = AccessLog(core.log_format, "api") if core.access_log else None

    def complete(self, request: LookupRequest, response: HttpResponse, path: str, began: float) -> None:
        """Complete and record a response; `path` is the route's pattern, `began` its `time.perf_counter()`."""
        environ = request.environ
        request_id = request_id_of(environ)
        headers = response.headers
        headers += self._security_headers
        if self._origins:
            headers += self._origins.headers(environ.get("HTTP_ORIGIN")).items()
        if self._origins.varies:
            headers.append(("Vary", "Origin"))
        headers.append((REQUEST_ID, request_id))
        seconds = time.perf_counter() - began
        count_request(request.method, path, response.status, seconds)
        if self._access_log:
            self._access_log.log(
                request.method,
                target_of(environ),
                response.status,
                seconds,
                address=address_of(environ, self._trusted),
                user_id=request.actor.id,
                request_id=request_id,
            )
