"""The check of the realtime processes by `tms doctor`."""

import time

import orjson

from tms_core.app import configure
from tms_core.doctor import Level
from tms_realtime.connection_counts import KEY
from tms_realtime.doctor import check_processes


def test_no_running_process_is_a_warning(runtime):
    (finding,) = check_processes(runtime)

    assert finding.level is Level.WARNING
    assert "no tms realtime" in finding.sentence


def test_processes_and_their_clients_are_counted(runtime):
    runtime.redis.hset(KEY, "one", orjson.dumps([2, time.time()]))
    runtime.redis.hset(KEY, "two", orjson.dumps([3, time.time()]))

    (finding,) = check_processes(runtime)

    assert (finding.level, finding.sentence) == (Level.OK, "2 processes, 5 clients")


def test_an_unavailable_redis_is_reported(ini):
    there = configure(ini | {"tms.redis_url": "redis://127.0.0.1:1/0"}, web=False).registry.tms

    (finding,) = check_processes(there)

    assert finding.level is Level.BAD
