"""What happens while requests are under way: other answers, and changes of the webhook."""

import asyncio
import threading

import pytest
from aiohttp import web
from webhook_receiver import WAIT

pytestmark = pytest.mark.usefixtures("quick_retries")


def test_a_pause_that_was_asked_for_survives_a_success_that_was_under_way(
    as_ann, receiver, make_webhook, change, sender, deliveries
):
    is_paused = threading.Event()

    async def answer_later(request):
        await asyncio.to_thread(is_paused.wait, WAIT)
        return web.Response()

    make_webhook(receiver.url())
    receiver.answers["/hook"].append(answer_later)
    change()
    receiver.wait_for_count(1)
    receiver.answers["/hook"].append((429, {"Retry-After": "60"}, b"busy"))
    change()
    deliveries(lambda one: one["attempts"] or one["event_id"] == 1)

    is_paused.set()

    deliveries(lambda one: one["attempts"])
    change()
    webhook = as_ann.get("/api/webhooks/1").json
    assert (webhook["failures"], webhook["paused_until"] is not None) == (0, True)
    assert len(receiver.requests) == 2
