"""The reports as resources."""

from tms_reports.series.services import create_service as series_service
from tms_reports.services import create_service


def includeme(config):
    runtime = config.registry.tms
    config.registry.reports = reports = create_service(runtime)
    config.registry.report_series = series_service(runtime, reports.scans)
    config.scan("tms_reports.resources")
