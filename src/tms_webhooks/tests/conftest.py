"""Fixtures for the tests of webhooks: a receiver, and a sender in a thread."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from webhook_receiver import Receiver

from tms_core.backoff import Backoff
from tms_webhooks.sender import retry_policy
from tms_webhooks.sender.process import Sender

WAIT = 20.0


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_webhooks")


@pytest.fixture(scope="module")
def settings():
    return {"tms.webhooks.allow_private": "true", "tms.webhooks.poll_interval": "0.05"}


@pytest.fixture
def make_webhook(as_ann):
    """Return a function that registers a webhook of ann, or of another client, and returns the response."""

    def make(url="http://127.0.0.1:9/hook", client=None, **fields):
        return (client or as_ann).post_json("/api/webhooks", {"url": url, **fields}, status=201).json

    return make


@pytest.fixture
def change(as_ann, relay_once):
    """Return a function that creates a task, or changes the one of an id."""

    def run(task_id=None, **fields):
        if task_id is None:
            task_id = as_ann.post_json("/api/task", {"title": "Paint", **fields}).json["id"]
        else:
            as_ann.patch_json(f"/api/task/{task_id}", fields)
        relay_once()
        return task_id

    return run


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def quick_retries(monkeypatch):
    """Pauses between attempts of some hundredths of a second."""
    for name in ("ATTEMPTS", "PAUSES"):
        monkeypatch.setattr(retry_policy, name, Backoff(0.02, 0.1))


@pytest.fixture
def sender(runtime) -> Iterator[Sender]:
    """A running sender of the module's system."""
    process = Sender(runtime)
    thread = threading.Thread(target=process.run)
    thread.start()
    yield process
    process.stop()
    thread.join(WAIT)
    assert not thread.is_alive()


@pytest.fixture
def deliveries(as_ann) -> Callable[..., list[dict[str, object]]]:
    """Return a function that waits until all deliveries of a webhook meet a condition, and returns them, oldest
    first."""

    def wait(is_reached=lambda one: one["status"] != "waiting", webhook_id=1, client=None):
        deadline = time.monotonic() + WAIT
        while True:
            found = (client or as_ann).get(f"/api/webhooks/{webhook_id}/deliveries").json["results"][::-1]
            if found and all(map(is_reached, found)):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.02)

    return wait
