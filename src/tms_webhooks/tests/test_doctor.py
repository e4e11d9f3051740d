"""The checks of `tms doctor` and the metrics."""

from sqlalchemy import text

from tms_core.doctor import Level
from tms_webhooks.doctor import judge
from tms_webhooks.metrics import Backlog, WebhookCounts, collect


def levels(webhooks, waiting):
    return [finding.level for finding in judge(webhooks, waiting)]


def test_missing_processes_and_late_deliveries_are_reported():
    none, some = WebhookCounts(0, 0, 0), WebhookCounts(2, 0, 0)

    assert levels(none, Backlog(0, 0, 0)) == [Level.OK]
    assert levels(some, Backlog(0, 0, 1)) == [Level.OK]
    assert levels(some, Backlog(3, 1, 0)) == [Level.BAD]
    assert levels(some, Backlog(3, 1000, 1)) == [Level.WARNING]
    assert levels(WebhookCounts(2, 1, 1), Backlog(0, 0, 1)) == [Level.OK, Level.WARNING, Level.WARNING]


def test_metrics_count_webhooks_and_deliveries(as_ann, make_webhook, runtime):
    make_webhook()
    make_webhook()
    make_webhook()
    as_ann.post("/api/webhooks/1/test")
    as_ann.post("/api/webhooks/2/test")
    with runtime.transaction() as session:
        session.execute(text("UPDATE webhook_endpoint SET failures = 1, failing_since = now() WHERE id = 2"))
        session.execute(text("UPDATE webhook_endpoint SET is_active = false, disabled_reason = 'gone' WHERE id = 3"))

    samples = {
        (sample.name, *sample.labels.values()): sample.value for metric in collect(runtime) for sample in metric.samples
    }

    assert [samples["tms_webhooks", state] for state in ("active", "failing", "disabled")] == [2, 1, 1]
    assert samples["tms_webhook_deliveries_waiting",] == 1
    assert samples["tms_webhook_deliveries_of_the_day", "waiting"] == 2
    assert samples["tms_webhook_senders",] == 0
