"""The beat schedule. Every process includes this module, so Celery is imported only where a schedule is created."""

from datetime import timedelta
from typing import Any

from tms_core.runtime import Runtime
from tms_notifications.settings import NotificationSettings


def daily_at_ten(runtime: Runtime) -> Any:
    """Daily at 10:00 in `tms.timezone`, the time zone of the Celery application."""
    from celery.schedules import crontab

    return crontab(hour=10, minute=0)


def every_quarter_hour(runtime: Runtime) -> Any:
    """Every 15 minutes, because offsets of time zones are multiples of a quarter of an hour."""
    from celery.schedules import crontab

    return crontab(minute="*/15")


def hourly(runtime: Runtime) -> Any:
    """Every hour, at a minute when no other entry is due."""
    from celery.schedules import crontab

    return crontab(minute=37)


def collect_interval(runtime: Runtime) -> timedelta:
    """A tenth of the coalescing window, from one to ten seconds: by so much longer do changes wait at most."""
    window = runtime.settings(NotificationSettings).coalesce
    return timedelta(seconds=min(10.0, max(1.0, window / 10)) if window else 60.0)


def retry_interval(runtime: Runtime) -> timedelta:
    return timedelta(seconds=runtime.settings(NotificationSettings).retry_interval)


def includeme(config):
    config.add_beat_entry("send_notifications_at_10_am", task="tms.notifications.send_due_soon", schedule=daily_at_ten)
    config.add_beat_entry(
        "send_missed_notifications",
        task="tms.notifications.send_missed_due_soon",
        schedule=every_quarter_hour,
    )
    config.add_beat_entry("send_digests", task="tms.notifications.send_digests", schedule=every_quarter_hour)
    config.add_beat_entry("collect_notifications", task="tms.notifications.collect", schedule=collect_interval)
    config.add_beat_entry("forget_notifications", task="tms.notifications.forget", schedule=hourly)
    config.add_beat_entry("send_waiting_mails", task="tms.notifications.send_waiting", schedule=retry_interval)
