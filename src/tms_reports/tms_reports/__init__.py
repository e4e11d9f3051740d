"""The task report: counts of tasks by status, priority, assignee and creator, all from one database snapshot."""

from tms_reports.settings import ReportSettings


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
    config.add_token_scope("reports:read", "GET /api/task-report-insight")
    config.add_index_link("report", "/api/task-report-insight")
    config.add_web_module("tms_reports:static/web")
    config.include_web("tms_reports.resources")
