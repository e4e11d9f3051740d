"""The Celery application: `tms worker`, `tms beat`, or `celery -A tms_core.celery worker`.

The application configures itself on first use, from the ini file in TMS_INI (default: development.ini in the working
directory), or from an existing runtime (`use`).

Example of a task:

    from tms_core.celery import app, current_runtime

    @app.task(name="tms.reports.run_job")
    def run_job(job_id: int) -> None:
        with current_runtime().transaction() as session:
            ...
"""

import atexit
import logging
from typing import Any

from celery import Celery, signals
from celery.schedules import crontab

from tms_core.app import bootstrap, default_ini, exit_for
from tms_core.errors import ConfigurationError
from tms_core.processes.heartbeat import Heartbeat
from tms_core.runtime import Runtime

app = Celery("tms")
# Celery's current app is per thread: without this, `delay()` in a web thread would use a default app.
app.set_default()
VISIBILITY_SECONDS = 300


def current_runtime() -> Runtime:
    """Return the runtime of this process."""
    if getattr(app, "tms_runtime", None) is None:
        try:
            app.tms_runtime = bootstrap(default_ini(), process="worker")
        except ConfigurationError as error:
            # Reached by the `celery` program only; every other process has a runtime.
            exit_for(error, default_ini())
    return app.tms_runtime


def use(runtime: Runtime) -> None:
    """Use an existing runtime for the tasks and `delay()` calls of this process."""
    if getattr(app, "tms_runtime", None) is not runtime:
        # Celery would keep its connections to the broker of the previous settings.
        app._after_fork()
    app.tms_runtime = runtime
    app.conf.update(configuration(runtime))
    app.set_default()


def configuration(runtime: Runtime) -> dict[str, Any]:
    timeout = {"socket_timeout": 5, "socket_connect_timeout": 2}
    return {
        "broker_url": _broker_url(runtime.core.redis),
        "broker_transport_options": {
            **timeout,
            "global_keyprefix": "tms:celery:",
            # Messages of a killed worker are redelivered after this time.
            "visibility_timeout": VISIBILITY_SECONDS,
            # Sending a task must not block while Redis is down (six seconds by default). Workers reconnect as
            # configured by `broker_connection_max_retries`.
            "max_retries": 0,
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_publish_retry": False,
        "task_default_queue": "tms",
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_concurrency": runtime.core.worker_processes,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "enable_utc": True,
        "timezone": runtime.core.timezone,
        "imports": tuple(runtime.registry.task_modules),
        "beat_schedule": {
            entry.name: {"task": entry.task, "schedule": entry.schedule(runtime)}
            for entry in runtime.registry.beat_entries.values()
        },
        "beat_schedule_filename": str(runtime.core.state_dir / "beat-schedule"),
    }


def _broker_url(redis_url: str) -> str:
    """Convert a URL of redis-py to kombu's syntax, which differs for Unix sockets."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    database = dict(part.partition("=")[::2] for part in query.split("&") if part).get("db", "0")
    return f"redis+socket://{path}?virtual_host={database}"


app.add_defaults(lambda: configuration(current_runtime()))


@signals.worker_process_init.connect
def _forget_parents_connections(**_: Any) -> None:
    # A forked child must not share sockets with its parent.
    if runtime := getattr(app, "tms_runtime", None):
        runtime.forget_connections()


@signals.worker_ready.connect
def _report_worker(**_: Any) -> None:
    _report("worker")


@signals.beat_init.connect
def _report_beat(**_: Any) -> None:
    _report("beat")


def _report(kind: str) -> None:
    """Report this process until it exits. The worker is ready again after each lost connection to Redis."""
    if getattr(app, "tms_heartbeat", None) is None:
        app.tms_heartbeat = Heartbeat(current_runtime(), kind)
        app.tms_heartbeat.start()
        atexit.register(app.tms_heartbeat.stop)


@signals.setup_logging.connect
def _keep_our_logs(**_: Any) -> None:
    """Celery does not configure logging if this signal has a receiver."""
    logging.getLogger("celery.app.trace").addFilter(_is_worth_a_line)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a message about a task is logged: all but the successes of tasks that run at an interval, some of them
    every second. Those that run at certain times are logged."""
    task = record.args.get("name") if isinstance(record.args, dict) else None
    entries = app.conf.beat_schedule.values()
    repeated = {entry["task"] for entry in entries if not isinstance(entry["schedule"], crontab)}
    return record.levelno > logging.INFO or task not in repeated
