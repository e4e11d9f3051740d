"""The process `tms webhooks` when it is killed or ended, and several of them."""

import asyncio
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import text
from webhook_receiver import hang

from tms_testing.processes import WatchedProcess

TMS = Path(sys.executable).with_name("tms")
PATIENCE = 60.0


@pytest.fixture
def start(ini_file, runtime):
    """Return a function that starts a sender as a process."""
    with ExitStack() as running:

        def run():
            process = running.enter_context(WatchedProcess([TMS, "--ini", ini_file, "webhooks"], patience=PATIENCE))
            # A signal before that ends it at once.
            process.wait_for("sending deliveries")
            return process

        yield run


@pytest.fixture
def end_leases(runtime):
    """Return a function that ends leases, as ten seconds would."""

    def end():
        with runtime.transaction() as session:
            session.execute(text("UPDATE webhook_endpoint SET leased_until = now() - interval '1 second'"))

    return end


def test_a_delivery_under_way_when_the_process_is_killed_is_sent_again(
    as_ann, receiver, make_webhook, relay_once, start, end_leases, deliveries
):
    make_webhook(receiver.url())
    receiver.answers["/hook"].append(hang)
    as_ann.post_json("/api/task", {"title": "Paint"})
    as_ann.patch_json("/api/task/1", {"title": "Paint the shed"})
    relay_once()
    first = start()
    receiver.wait_for_count(1)

    first.stop(signal.SIGKILL)
    end_leases()
    second = start()

    assert [one.id for one in receiver.wait_for_count(3)] == ["msg_1_1", "msg_1_1", "msg_1_2"]
    assert [(one["status"], one["attempts"]) for one in deliveries()] == [("delivered", 1), ("delivered", 1)]
    assert second.stop() == 0


def test_a_process_that_is_ended_finishes_the_delivery_under_way(
    as_ann, receiver, make_webhook, relay_once, start, runtime
):
    may_answer = threading.Event()

    async def answer_late(request: web.Request) -> web.StreamResponse:
        await asyncio.to_thread(may_answer.wait, PATIENCE)
        return web.Response()

    make_webhook(receiver.url())
    receiver.answers["/hook"].append(answer_late)
    as_ann.post_json("/api/task", {"title": "Paint"})
    as_ann.patch_json("/api/task/1", {"title": "Paint the shed"})
    relay_once()
    process = start()
    receiver.wait_for_count(1)

    process.send(signal.SIGTERM)
    process.wait_for("ending on SIGTERM")
    may_answer.set()

    assert process.end() == 0
    *_, first = as_ann.get("/api/webhooks/1/deliveries").json["results"]
    assert (first["status"], first["attempts"]) == ("delivered", 1)
    with runtime.transaction() as session:
        assert session.execute(text("SELECT leased_by FROM webhook_endpoint")).scalar_one() is None
        assert session.execute(text("SELECT count(*) FROM webhook_sender")).scalar_one() == 0


def test_webhooks_are_shared_among_processes_and_each_delivery_is_sent_once(
    as_ann, receiver, make_webhook, relay_once, start
):
    for number in range(4):
        make_webhook(receiver.url(f"/{number}"))
    processes = [start(), start()]
    for number in range(40):
        as_ann.post_json("/api/task", {"title": f"Task {number}"})
        relay_once()

    received = receiver.wait_for_count(160)

    assert len({one.id for one in received}) == len(received) == 160
    for process in processes:
        assert process.stop() == 0
