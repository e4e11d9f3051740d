"""Reports over demo data, with which a system is tried out."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from tms_local.demo.loading import load

REPORTS = "/api/task-report-insight"
TASKS = 400


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports", "tms_local")


@pytest.mark.parametrize("has_history", [False, True])
def test_the_numbers_of_a_year_agree_with_each_other_and_with_their_lists(runtime, client, relay_once, has_history):
    relay_once()
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    load(runtime, task_count=TASKS, user_count=5, seed=1, midnight=midnight, history=has_history)
    relay_once()

    trend = client.get(f"{REPORTS}/trend?days=366").json

    days = trend["days"]
    for before, day in pairwise(days):
        assert day["open"] == before["open"] + day["created"] + day["reopened"] - day["completed"] - day["archived"]
    assert sum(day["completed"] for day in days) > 0
    for day in days[-1], *days[:300:60]:
        assert client.get(day["url"]).json["count"] == day["open"] >= 0
        assert client.get(day["completed_url"]).json["count"] == day["completed"]
    assert (client.get(f"{REPORTS}/cycle-time?days=366").json["from_created"]["count"] > 0) is has_history
