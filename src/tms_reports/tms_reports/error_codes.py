"""Error codes of this package."""

from tms_core.error_codes import ErrorCode

REPORT_CANCELLED = ErrorCode("report_cancelled", "The report was cancelled while it was being counted.", status=503)
NOT_LIVE = ErrorCode("not_live", "No counters are kept for this filter: the report needs a scan.")
COUNTERS_NOT_READY = ErrorCode("counters_not_ready", "The kept counters are being built.", status=503)
COUNTERS_OFF = ErrorCode("counters_off", "This deployment keeps no counters.", status=501)
