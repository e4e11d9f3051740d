"""Error codes of this package."""

from tms_core.error_codes import ErrorCode

HANDSHAKE_INVALID = ErrorCode("handshake_invalid", "The handshake is not valid; `detail` has the reason.", status=400)
ORIGIN_NOT_ALLOWED = ErrorCode("origin_not_allowed", "Pages of this origin may not connect.", status=403)
TOO_MANY_CONNECTIONS = ErrorCode(
    "too_many_connections", "The user has as many connections as allowed.", ("maximum",), 429
)
REDIS_AWAY = ErrorCode("redis_away", "Redis does not respond.", status=503)
