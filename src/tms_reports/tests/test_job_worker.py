"""A report job in a real worker process that is killed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, text, update

from tms_core.celery import use
from tms_core.user_messages import CHANNEL
from tms_reports.models import ReportJob
from tms_reports.tasks import sweep_jobs
from tms_testing.processes import WatchedProcess

PATH = "/api/task-report-insight/jobs"
PATIENCE = 60.0
TMS = Path(sys.executable).with_name("tms")


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports")


@pytest.fixture
def wait_for(runtime) -> Iterator[Callable[[str], None]]:
    """Waits until the user is told that the job has a status."""
    pubsub = runtime.redis_long_timeout.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(CHANNEL)
    assert pubsub.get_message(timeout=5) is None

    def wait(status: str) -> None:
        while message := pubsub.get_message(timeout=PATIENCE):
            if orjson.loads(message["data"])["message"]["status"] == status:
                return
        raise AssertionError(f"the job did not become {status}")

    yield wait
    pubsub.close()


@contextmanager
def locked_tasks(runtime):
    """Let statements on the tasks wait."""
    with runtime.engine.connect() as connection:
        connection.execute(text("LOCK TABLE task IN ACCESS EXCLUSIVE MODE"))
        yield


def test_a_job_whose_worker_is_killed_is_run_by_another(runtime, client, ini_file, wait_for):
    use(runtime)
    argv = [TMS, "--ini", ini_file, "worker", "--concurrency", "1"]
    client.post_json("/api/task", {"title": "t"})
    with locked_tasks(runtime), WatchedProcess(argv, patience=PATIENCE):
        job = client.post_json(PATH, {"report": "aging"}, status=202).json
        wait_for("running")
        # The end of the block kills the worker with its children (SIGKILL).

    # No sign of life for the lease, without waiting for its seconds.
    with runtime.transaction() as session:
        session.execute(update(ReportJob).values(heartbeat_at=func.now() - timedelta(hours=1)))
    sweep_jobs()
    wait_for("waiting")
    with WatchedProcess(argv, patience=PATIENCE):
        wait_for("done")

    found = client.get(f"{PATH}/{job['id']}").json
    assert (found["status"], found["error"]) == ("done", None)
    assert sum(bucket["count"] for bucket in client.get(found["result_url"]).json["buckets"]) == 1
