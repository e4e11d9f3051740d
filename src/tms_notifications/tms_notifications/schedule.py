"""When beat does what. Every process includes this module, so Celery is imported only where a schedule is made."""

from datetime import timedelta
from typing import Any

from tms_core.runtime import Runtime
from tms_notifications.settings import NotificationSettings


def at_ten(runtime: Runtime) -> Any:
    """Ten o'clock in `tms.timezone`, which is the Celery application's zone."""
    from celery.schedules import crontab

    return crontab(hour=10, minute=0)


def every_quarter(runtime: Runtime) -> Any:
    """The zones of the world differ by quarters of an hour."""
    from celery.schedules import crontab

    return crontab(minute="*/15")


def between_looks(runtime: Runtime) -> timedelta:
    return timedelta(seconds=runtime.settings(NotificationSettings).retry_interval)


def includeme(config):
    config.add_beat_entry("send_notifications_at_10_am", task="tms.notifications.send_due_soon", schedule=at_ten)
    config.add_beat_entry(
        "send_missed_notifications",
        task="tms.notifications.send_missed_due_soon",
        schedule=every_quarter,
    )
    config.add_beat_entry("send_waiting_mails", task="tms.notifications.send_waiting", schedule=between_looks)
