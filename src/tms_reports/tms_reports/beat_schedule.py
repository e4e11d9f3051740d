"""The entries of the beat schedule."""

from datetime import timedelta

from tms_core.runtime import Runtime

SWEEP_SECONDS = 15


def sweep_interval(runtime: Runtime) -> timedelta:
    return timedelta(seconds=SWEEP_SECONDS)


def includeme(config):
    config.add_beat_entry("sweep_report_jobs", task="tms.reports.sweep_jobs", schedule=sweep_interval)
