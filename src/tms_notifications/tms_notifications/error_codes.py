"""Error codes of this package."""

from tms_core.error_codes import ErrorCode

UNKNOWN_TIME_ZONE = ErrorCode("unknown_time_zone", "The value is neither null nor an IANA time zone.")
MAIL_TOKEN_INVALID = ErrorCode("mail_token_invalid", "The token is not from a mail of this deployment.")
