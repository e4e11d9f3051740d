"""The entries of the beat schedule."""

from datetime import timedelta

from tms_core.runtime import Runtime

SWEEP_SECONDS = 15
SCHEDULE_SECONDS = 20


def sweep_interval(runtime: Runtime) -> timedelta:
    return timedelta(seconds=SWEEP_SECONDS)


def schedule_interval(runtime: Runtime) -> timedelta:
    return timedelta(seconds=SCHEDULE_SECONDS)


def includeme(config):
    config.add_beat_entry("sweep_report_jobs", task="tms.reports.sweep_jobs", schedule=sweep_interval)
    config.add_beat_entry("start_scheduled_reports", task="tms.reports.start_scheduled", schedule=schedule_interval)
