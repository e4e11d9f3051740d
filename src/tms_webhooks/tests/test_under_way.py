"""What happens while requests are under way: other answers, and changes of the webhook."""

import asyncio
import threading

import pytest
from aiohttp import web
from webhook_receiver import WAIT

from tms_webhooks.hints import announce
from tms_webhooks.models import WebhookEndpoint
from tms_webhooks.sender import endpoint_worker
from tms_webhooks.sender.endpoint_worker import EndpointWorker
from tms_webhooks.services import replays

pytestmark = pytest.mark.usefixtures("quick_retries")


@pytest.fixture(scope="module")
def settings():
    # Nothing depends on polling.
    return {"tms.webhooks.allow_private": "true", "tms.webhooks.poll_interval": "60"}


class Gate:
    """Answers of a receiver that come once the gate is open."""

    def __init__(self):
        self.opened = threading.Event()

    async def answer(self, _request):
        await asyncio.to_thread(self.opened.wait, WAIT)
        return web.Response()


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture
def reloaded(monkeypatch):
    """An event that is set when a worker learns that its webhook was changed."""
    event, reload = threading.Event(), EndpointWorker.reload

    def observed(worker):
        reload(worker)
        event.set()

    monkeypatch.setattr(EndpointWorker, "reload", observed)
    return event


@pytest.fixture
def changes(as_ann, relay_once, monkeypatch):
    """Return a function that changes a new task of ann some times; all become due at once, and up to eight are read."""
    monkeypatch.setattr(endpoint_worker, "BATCH", 8)

    def run(count, **fields):
        task_id = as_ann.post_json("/api/task", {"title": "Paint", **fields}).json["id"]
        for number in range(count):
            as_ann.patch_json(f"/api/task/{task_id}", {"title": f"Title {number}"})
        relay_once()
        return task_id

    return run


def test_a_pause_that_was_asked_for_survives_a_success_that_was_under_way(
    as_ann, receiver, make_webhook, change, sender, deliveries, gate
):
    make_webhook(receiver.url())
    receiver.answers["/hook"].append(gate.answer)
    change()
    receiver.wait_for_count(1)
    receiver.answers["/hook"].append((429, {"Retry-After": "60"}, b"busy"))
    change()
    deliveries(lambda one: one["attempts"] or one["event_id"] == 1)

    gate.opened.set()

    deliveries(lambda one: one["attempts"])
    change()
    webhook = as_ann.get("/api/webhooks/1").json
    assert (webhook["failures"], webhook["paused_until"] is not None) == (0, True)
    assert len(receiver.requests) == 2


def test_a_new_url_gets_all_but_the_requests_under_way(
    as_ann, receiver, make_webhook, changes, sender, deliveries, gate, reloaded
):
    make_webhook(receiver.url("/old"))
    receiver.answers["/old"].append(gate.answer)
    changes(7)
    receiver.wait_for_count(1)

    as_ann.patch_json("/api/webhooks/1", {"url": receiver.url("/new")})
    assert reloaded.wait(WAIT)
    gate.opened.set()

    assert [(one["status"], one["attempts"]) for one in deliveries()] == [("delivered", 1)] * 8
    assert [(one.path, one.json["data"]["event_id"]) for one in receiver.requests] == [
        ("/old", 1),
        *(("/new", number) for number in range(2, 9)),
    ]


def test_a_webhook_that_is_turned_off_sends_nothing_more(
    as_ann, receiver, make_webhook, changes, sender, deliveries, gate, reloaded
):
    make_webhook(receiver.url())
    receiver.answers["/hook"].append(gate.answer)
    changes(7)
    receiver.wait_for_count(1)

    as_ann.patch_json("/api/webhooks/1", {"is_active": False})
    assert reloaded.wait(WAIT)
    gate.opened.set()

    deliveries(lambda one: one["attempts"] or one["event_id"] > 1)
    assert len(receiver.requests) == 1


def test_failures_at_a_previous_url_do_not_count(
    as_ann, receiver, make_webhook, changes, sender, deliveries, gate, reloaded
):
    async def fail(request):
        await gate.answer(request)
        return web.Response(status=429, headers={"Retry-After": "60"})

    make_webhook(receiver.url("/old"))
    receiver.answers["/old"].append(fail)
    changes(0)
    receiver.wait_for_count(1)
    as_ann.patch_json("/api/webhooks/1", {"url": receiver.url("/new")})
    assert reloaded.wait(WAIT)
    gate.opened.set()
    deliveries(lambda one: one["attempts"])

    changes(0)

    receiver.wait_for(lambda found: [one.path for one in found] == ["/old", "/new"])
    webhook = as_ann.get("/api/webhooks/1").json
    assert (webhook["failures"], webhook["paused_until"]) == (0, None)


def test_a_replay_of_few_among_many_events_does_not_wait_for_polls(
    as_ann, receiver, make_webhook, change, sender, monkeypatch
):
    monkeypatch.setattr(replays, "STEP", 2)
    for _ in range(7):
        change()
    change(priority="URGENT")
    make_webhook(receiver.url(), filter={"priority": ["URGENT"]})

    as_ann.post_json("/api/webhooks/1/replay", {"since": 0}, status=202)

    assert receiver.wait_for_count(1)[0].json["data"]["event_id"] == 8


def test_a_replay_is_continued_by_a_limited_number_of_events_at_a_time(
    as_ann, make_webhook, change, runtime, monkeypatch
):
    monkeypatch.setattr(replays, "STEP", 2)
    monkeypatch.setattr(replays, "MAX_STEPS", 2)
    for _ in range(5):
        change()
    make_webhook(filter={"priority": ["URGENT"]})
    as_ann.post_json("/api/webhooks/1/replay", {"since": 0}, status=202)

    with runtime.transaction() as session:
        positions = []
        for _ in range(2):
            replays.continue_replay(session, 1, "team")
            positions.append(session.get(WebhookEndpoint, 1).replay_after)

    assert positions == [4, None]


def test_a_hint_that_comes_while_deliveries_are_read_counts(
    receiver, make_webhook, change, sender, runtime, monkeypatch
):
    woken, wake, read_work = threading.Event(), EndpointWorker.wake, endpoint_worker.read_work

    def observed_wake(worker):
        wake(worker)
        woken.set()

    def read_and_change(*arguments, **options):
        work = read_work(*arguments, **options)
        if work and work.messages and not woken.is_set():
            monkeypatch.setattr(EndpointWorker, "wake", observed_wake)
            change()
            # The sender may not listen yet.
            while not woken.wait(1.0):
                announce(runtime, [1])
        return work

    monkeypatch.setattr(endpoint_worker, "read_work", read_and_change)
    make_webhook(receiver.url())
    change()

    receiver.wait_for_count(2)
