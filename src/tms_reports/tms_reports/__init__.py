"""Reports over tasks, each from one database snapshot: counts, trend, burndown, cycle time, workload and ages."""

from tms_reports.settings import ReportSettings

HISTORY = "report_history"
REPORT_PATHS = (
    "/api/task-report-insight",
    *(f"/api/task-report-insight/{name}" for name in ("trend", "burndown", "cycle-time", "workload", "aging")),
    *(f"/api/task-report-insight/{name}/tasks" for name in ("trend", "cycle-time")),
)

JOBS = "/api/task-report-insight/jobs"
JOB_ROUTES = (f"GET {JOBS}", f"POST {JOBS}", f"GET {JOBS}/{{id}}", f"DELETE {JOBS}/{{id}}", f"GET {JOBS}/{{id}}/result")


def includeme(config):
    config.add_tms_settings(ReportSettings)
    settings = config.registry.tms.settings(ReportSettings)
    config.add_error_codes("tms_reports.error_codes")
    config.add_migrations("reports", "tms_reports:migrations/versions")
    if settings.counters != "off":
        config.add_event_sink("report_counters", "tms_reports.sink:ReportCountersSink")
        config.add_bulk_load_listener("report_counters", "tms_reports.bulk_loads:ReportBulkLoadListener")
    config.add_doctor_check("reports", "tms_reports.doctor:check_database")
    config.add_doctor_check("report counters", "tms_reports.doctor:check_counters")
    config.add_event_sink(HISTORY, "tms_reports.history.sink:HistorySink")
    config.add_bulk_load_listener(HISTORY, "tms_reports.history.bulk_loads:HistoryBulkLoadListener")
    config.add_task_module("tms_reports.tasks")
    config.include("tms_reports.beat_schedule")
    config.add_token_scope("reports:read", *(f"GET {path}" for path in REPORT_PATHS), *JOB_ROUTES)
    config.add_index_link("report", "/api/task-report-insight")
    config.add_web_module("tms_reports:static/web")
    config.include_web("tms_reports.resources")
