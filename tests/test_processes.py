"""Every process reports itself to administrators, and is missed when it has ended."""

import json
import signal
import threading
import urllib.request
from contextlib import ExitStack
from dataclasses import replace

import pytest

from tms_core.processes import directory
from tms_local.supervisor.probe import Probe
from tms_testing.served import PATIENCE, running, served_settings

KINDS = ("relay", "realtime", "webhooks", "worker", "beat")


@pytest.fixture(scope="module")
def settings():
    return served_settings()


@pytest.fixture
def system(served_api, add_user):
    """Returns the state of the deployment."""
    admin = add_user(is_admin=True)

    def read():
        request = urllib.request.Request(f"{served_api}/api/admin/system", headers=admin.headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    return read


def alive(found):
    return {one["kind"] for one in found["processes"] if one["is_alive"]}


def until(condition):
    done = threading.Event()
    Probe(condition, done.set).start()
    assert done.wait(PATIENCE)


@pytest.fixture
def redis(_system):
    return _system[0].redis


def test_processes_are_listed_while_they_live_and_missed_afterwards(system, ini_file, redis):
    with ExitStack() as stack:
        processes = {kind: stack.enter_context(running(ini_file, kind)) for kind in KINDS}

        until(lambda: alive(system()) == {"api", *KINDS})
        found = system()
        assert found["missing_kinds"] == []
        assert found["relay"]["leads"]
        assert all(one["started_at"] <= one["seen_at"] and one["version"] for one in found["processes"])

        assert processes["realtime"].stop() == 0
        assert processes["beat"].stop() == 0
        assert processes["worker"].stop() == 0
        assert processes["webhooks"].stop() == 0
        processes["relay"].stop(signal.SIGKILL)
        until(lambda: not system()["relay"]["leads"])
        found = system()
        # Those that ended properly have taken themselves off.
        assert [one["kind"] for one in found["processes"]] == ["api", "relay"]
        assert set(found["missing_kinds"]) == {"realtime", "beat", "webhooks", "worker"}

        (killed,) = [one for one in directory.read(redis) if one.kind == "relay"]
        directory.store(redis, replace(killed, seen_at=killed.seen_at - directory.ALIVE_SECONDS))
        assert "relay" in system()["missing_kinds"]
