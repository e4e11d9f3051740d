"""Workers after the end of their leases, and the time that counts for them."""

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp import web
from sqlalchemy import text

from tms_webhooks.sender import leases
from tms_webhooks.sender.client import DeliveryClient
from tms_webhooks.sender.clock import SenderClock
from tms_webhooks.sender.endpoint_worker import EndpointWorker, SenderContext
from tms_webhooks.sender.recorder import Recorder
from tms_webhooks.sender.retry_policy import RetryPolicy
from tms_webhooks.settings import WebhookSettings


@pytest.fixture
def clock():
    clock = SenderClock()
    clock.renew(datetime.now(UTC), leased_until=math.inf)
    return clock


@pytest.fixture
def run_worker(runtime, clock):
    """Return a function that runs a worker of the webhook 1 until it ends."""

    async def run():
        settings = runtime.settings(WebhookSettings)
        sender, recorder = uuid4(), Recorder(runtime)
        with runtime.transaction() as session:
            session.execute(text("UPDATE webhook_endpoint SET leased_by = :sender"), {"sender": sender})
        async with DeliveryClient(settings) as client:
            context = SenderContext(runtime, settings, RetryPolicy.of(settings), sender, client, recorder, clock)
            recording = asyncio.create_task(recorder.run())
            await EndpointWorker(context, 1).run()
            recording.cancel()

    return lambda: asyncio.run(run())


def test_nothing_is_sent_after_the_end_of_the_lease(
    as_ann, receiver, make_webhook, change, deliveries, clock, run_worker
):
    async def outlast_the_lease(_request):
        clock.renew(datetime.now(UTC), leased_until=time.monotonic())
        return web.Response()

    make_webhook(receiver.url())
    receiver.answers["/hook"].append(outlast_the_lease)
    task = change()
    for number in range(3):
        change(task, title=f"Title {number}")

    run_worker()

    assert len(receiver.requests) == 1
    assert [one["status"] for one in deliveries(lambda _: True)] == ["delivered", "waiting", "waiting", "waiting"]


def test_a_delivery_is_given_up_by_the_time_of_the_database(
    receiver, make_webhook, change, deliveries, clock, run_worker
):
    make_webhook(receiver.url())
    receiver.answers["/hook"].append((503, {"Retry-After": "60"}, b"busy"))
    change()
    # The host's clock is two days behind.
    clock.renew(datetime.now(UTC) + timedelta(days=2), leased_until=math.inf)

    run_worker()

    assert deliveries()[0]["status"] == "dead"


def test_the_clock_has_the_time_of_the_database(runtime):
    at = leases.renew(runtime, uuid4(), ()).at
    clock = SenderClock()

    clock.renew(at, leased_until=0.0)

    with runtime.transaction() as session:
        assert at < session.scalar(text("SELECT clock_timestamp()"))
    assert at <= clock.now() < at + timedelta(minutes=1)
    assert not clock.is_leased
