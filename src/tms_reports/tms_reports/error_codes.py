"""Error codes of this package."""

from tms_core.error_codes import ErrorCode

REPORT_CANCELLED = ErrorCode("report_cancelled", "The report was cancelled while it was being counted.", status=503)
BAD_PERIOD = ErrorCode("bad_period", "The period ends before it begins, or is too long.", ("maximum",))
