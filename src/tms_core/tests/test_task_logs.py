"""What the worker logs about its tasks."""

import logging

import pytest
from celery import signals
from celery.app import trace

from tms_core import celery


@pytest.fixture(scope="module")
def packages():
    return ("tms_reports", "tms_notifications")


@pytest.fixture
def messages(runtime, caplog, monkeypatch):
    """Returns the messages about tasks, of a worker whose logging is set up."""
    # The module's application is that of other tests of this process too.
    monkeypatch.setattr(celery, "app", celery.Celery("tms", set_as_current=False))
    celery.app.conf.update(celery.configuration(runtime))
    monkeypatch.setattr(trace.logger, "filters", [])
    signals.setup_logging.send(sender=None)
    caplog.set_level(logging.INFO, logger=trace.logger.name)
    return lambda: [record.message for record in caplog.records if record.name == trace.logger.name]


def succeed(task):
    trace.info("Task %(name)s succeeded", {"name": task})


def test_tasks_that_run_at_an_interval_are_logged_only_if_they_fail(messages):
    succeed("tms.reports.sweep_jobs")
    succeed("tms.reports.run_job")
    succeed("tms.notifications.send_due_soon")
    trace.logger.error("Task %(name)s raised", {"name": "tms.reports.sweep_jobs"})

    assert messages() == [
        "Task tms.reports.run_job succeeded",
        "Task tms.notifications.send_due_soon succeeded",
        "Task tms.reports.sweep_jobs raised",
    ]
