"""Error codes of this package."""

from tms_core.error_codes import ErrorCode

REPORT_CANCELLED = ErrorCode("report_cancelled", "The report was cancelled while it was being counted.", status=503)
BAD_PERIOD = ErrorCode("bad_period", "The period ends before it begins, or is too long.", ("maximum",))
REPORT_JOB_NOT_FOUND = ErrorCode("report_job_not_found", "The caller has no such report job.", status=404)
REPORT_JOB_RUNNING = ErrorCode("report_job_running", "Another report job of the user is not finished.", status=409)
REPORT_JOB_NOT_DONE = ErrorCode(
    "report_job_not_done",
    "The report job has no result: it is not done.",
    ("status",),
    409,
)
NOT_LIVE = ErrorCode("not_live", "No counters are kept for this filter: the report needs a scan.")
COUNTERS_NOT_READY = ErrorCode("counters_not_ready", "The kept counters are being built.", status=503)
COUNTERS_OFF = ErrorCode("counters_off", "This deployment keeps no counters.", status=501)
BAD_CRON = ErrorCode("bad_cron", "The text is no cron expression of five fields, or its time never comes.")
CRON_TOO_FREQUENT = ErrorCode("cron_too_frequent", "Two times are less than `minutes` minutes apart.", ("minutes",))
UNKNOWN_ZONE = ErrorCode("unknown_zone", "The value is not an IANA time zone.")
NOT_A_RECIPIENT = ErrorCode("not_a_recipient", "The user does not exist or may not see the report.", ("user",))
REPORT_SCHEDULE_NOT_FOUND = ErrorCode(
    "report_schedule_not_found", "The caller has no such schedule, and gets no report from it.", status=404
)
REPORT_SCHEDULE_FOREIGN = ErrorCode(
    "report_schedule_foreign", "Only its owner may change or run a schedule.", status=403
)
REPORT_SCHEDULE_RUNNING = ErrorCode(
    "report_schedule_running", "The last run of the schedule is not finished.", status=409
)
TOO_MANY_REPORT_SCHEDULES = ErrorCode(
    "too_many_report_schedules", "The user has as many schedules as allowed.", ("maximum",), 409
)
