"""The webhook checks of `tms doctor`."""

from collections.abc import Iterator

from tms_core.doctor import Finding, bad, fine, warning
from tms_core.runtime import Runtime
from tms_webhooks.metrics import Backlog, WebhookCounts, backlog, counts

LATE_SECONDS = 600


def check_webhooks(runtime: Runtime) -> Iterator[Finding]:
    yield from judge(counts(runtime), backlog(runtime))


def judge(webhooks: WebhookCounts, waiting: Backlog) -> Iterator[Finding]:
    if not webhooks.active and not webhooks.disabled:
        yield fine("no webhooks")
        return
    if waiting.deliveries and not waiting.senders:
        yield bad(f"{_number(waiting.deliveries, 'delivery', 'deliveries')} waiting", "start tms webhooks.")
    elif waiting.seconds > LATE_SECONDS:
        yield warning(
            f"{_number(waiting.deliveries, 'delivery', 'deliveries')} waiting, the oldest for "
            f"{waiting.seconds / 60:.0f} minutes",
            "start more processes of tms webhooks.",
        )
    else:
        yield fine(f"{_number(webhooks.active, 'webhook')} active, {_number(waiting.senders, 'process', 'processes')}")
    if webhooks.failing:
        yield warning(f"{_number(webhooks.failing, 'webhook')} failing at present: their owners see why.")
    if webhooks.disabled:
        yield warning(f"{_number(webhooks.disabled, 'webhook')} turned off because of failures.")


def _number(count: int, singular: str, plural: str = "") -> str:
    return f"{count} {singular if count == 1 else plural or singular + 's'}"
