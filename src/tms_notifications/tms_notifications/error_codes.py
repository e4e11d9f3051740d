"""Error codes of this package."""

from tms_core.error_codes import ErrorCode

UNKNOWN_TIME_ZONE = ErrorCode("unknown_time_zone", "The value is neither null nor an IANA time zone.")
MAIL_NOT_FOUND = ErrorCode("mail_not_found", "There is no such mail.", status=404)
MAIL_NOT_RETRYABLE = ErrorCode("mail_not_retryable", "The mail neither waits nor has failed.", status=409)
MAIL_TOKEN_INVALID = ErrorCode("mail_token_invalid", "The token is not from a mail of this deployment.")
