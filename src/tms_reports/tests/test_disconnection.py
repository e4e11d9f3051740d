"""A report whose client disconnects is cancelled in the database."""

import http.client
import time

import pytest
from sqlalchemy import text

from tms_testing.served import served_settings

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%task%'"
# The report would wait for the lock for five seconds.
MAX_SECONDS = 4.0


@pytest.fixture(scope="module")
def settings():
    return served_settings()


def test_a_report_ends_when_its_client_disconnects(served_api, add_user, runtime):
    connection = http.client.HTTPConnection(served_api.removeprefix("http://"))
    with runtime.engine.begin() as blocker, runtime.engine.connect() as observer:
        # The report waits for the table.
        blocker.execute(text("LOCK TABLE task IN ACCESS EXCLUSIVE MODE"))
        count = observer.execution_options(isolation_level="AUTOCOMMIT").scalar
        connection.request(
            "GET", "/api/task-report-insight?status=PENDING", headers={"Authorization": f"Bearer {add_user().access}"}
        )
        while not count(text(WAITING)):
            time.sleep(0.01)

        connection.close()
        began = time.monotonic()
        while count(text(WAITING)):
            time.sleep(0.01)

    assert time.monotonic() - began < MAX_SECONDS
