"""Faults that are injected under traffic. After each one, all processes run again."""

import random
import signal
from collections.abc import Callable

from tms_testing.realtime.process import ManagedProcess
from tms_testing.realtime.system import RedisProcess
from tms_testing.realtime.traffic import Traffic

FaultFunction = Callable[[Traffic], None]
SOME_FAILURES = 5
# The value of tms.realtime.stream_length in systems for these faults.
REDIS_KEEPS = 300
MORE_THAN_REDIS_KEEPS = 700


def redis_is_killed(traffic: Traffic) -> None:
    """Redis restarts with all its data."""
    traffic.system.redis.kill()
    traffic.flow()
    traffic.system.redis.start()


def redis_loses_its_data(traffic: Traffic) -> None:
    """Redis restarts empty."""
    traffic.system.redis.kill()
    traffic.flow()
    traffic.system.redis.forget()
    traffic.system.redis.start()


def redis_goes_back(traffic: Traffic) -> None:
    """Redis restarts with older data, as from a snapshot, and then a realtime process restarts."""
    traffic.system.redis.keep()
    traffic.flow()
    traffic.system.redis.kill()
    traffic.system.redis.go_back()
    traffic.system.redis.start()
    traffic.flow()
    traffic.system.realtimes[0].kill()
    traffic.system.realtimes[0].start()


def postgres_is_killed(traffic: Traffic) -> None:
    """PostgreSQL crashes, and clients reconnect while it is down."""
    kill_postgres(traffic)
    traffic.writers.await_failures(SOME_FAILURES)
    traffic.clients.cut(traffic.followers[::2])
    traffic.writers.await_failures(SOME_FAILURES)
    traffic.system.postgres.start()


def leading_relay_is_killed(traffic: Traffic) -> None:
    """The standby relay takes over."""
    leader = traffic.system.await_leader()
    leader.kill()
    traffic.flow()
    leader.start()


def realtime_is_killed(traffic: Traffic) -> None:
    """A realtime process is killed and restarts."""
    process = traffic.system.realtimes[0]
    process.kill()
    traffic.flow()
    process.start()


def realtime_stalls(traffic: Traffic) -> None:
    """A realtime process is suspended while more is written than Redis keeps."""
    process = traffic.system.realtimes[0]
    process.pause()
    try:
        traffic.writers.write_at_once(MORE_THAN_REDIS_KEEPS)
    finally:
        process.resume()


def realtime_ends(traffic: Traffic) -> None:
    """A realtime process shuts down on SIGTERM: every WebSocket is closed with 1001."""
    process, port = traffic.system.realtimes[1], traffic.system.ports[1]
    counts = {one: one.record.ends["1001"] for one in traffic.followers if one.port == port and one.is_socket}
    stop(process)
    assert traffic.clients.wait_for(lambda: all(one.record.ends["1001"] > count for one, count in counts.items()))
    traffic.flow()
    process.start()


def realtime_ends_without_redis(traffic: Traffic) -> None:
    """An unreachable Redis does not keep a realtime process from shutting down."""
    process = traffic.system.realtimes[1]
    traffic.system.redis.kill()
    stop(process)
    traffic.system.redis.start()
    process.start()


FAULTS: dict[str, FaultFunction] = {
    fault.__name__: fault
    for fault in (
        redis_is_killed,
        redis_loses_its_data,
        redis_goes_back,
        postgres_is_killed,
        leading_relay_is_killed,
        realtime_is_killed,
        realtime_stalls,
        realtime_ends,
        realtime_ends_without_redis,
    )
}


def kill_postgres(traffic: Traffic) -> None:
    """Kill PostgreSQL by immediate shutdown, after which it has to recover. SIGKILL would leave its children
    running."""
    traffic.system.postgres.end(signal.SIGQUIT)


def stop(process: ManagedProcess) -> None:
    """Stop a process; assert that its exit status is 0."""
    status = process.stop()
    assert status == 0, f"{process.name} ends with {status}:\n{process.log.text}"


class Chaos:
    """Random faults at random times, also while other processes are down or starting."""

    def __init__(self, traffic: Traffic, rng: random.Random):
        self._traffic = traffic
        self._system = traffic.system
        self._random = rng

    def step(self) -> str:
        """Inject a fault or restart a process, wait for traffic where possible, and return a description."""
        process = self._random.choice(self._system.processes)
        what = self._stop_or_kill(process) if process.is_running else self._restart(process)
        if self._can_flow():
            self._traffic.flow()
        elif not self._system.postgres.is_running:
            self._traffic.writers.await_failures(SOME_FAILURES)
        else:
            self._traffic.writers.await_commits(SOME_FAILURES)
        return what

    def end(self) -> None:
        """Start all processes again."""
        self._system.start()
        self._traffic.flow()

    def _stop_or_kill(self, process: ManagedProcess) -> str:
        if process is self._system.postgres:
            # A realtime process cannot start without the database.
            for realtime in self._system.realtimes:
                realtime.await_ready() if realtime.is_running else None
            kill_postgres(self._traffic)
            return "postgres is killed"
        if isinstance(process, RedisProcess):
            process.keep() if self._random.random() < 0.5 else process.kill()
            return "redis is killed" if not process.is_running else "redis makes a snapshot"
        if self._random.random() < 0.5:
            process.kill()
            return f"{process.name} is killed"
        process.await_ready()
        stop(process)
        return f"{process.name} is stopped"

    def _restart(self, process: ManagedProcess) -> str:
        if process in self._system.realtimes and not self._system.postgres.is_running:
            self._system.postgres.start()
        what = "restarts"
        if isinstance(process, RedisProcess):
            what = self._random.choice(["restarts", "restarts empty", "goes back"])
            if what == "restarts empty":
                process.forget()
            elif what == "goes back" and process.has_kept:
                process.go_back()
        process.start() if process is self._system.postgres else process.launch()
        return f"{process.name} {what}"

    def _can_flow(self) -> bool:
        system = self._system
        return system.postgres.is_running and any_running(system.relays) and any_running(system.realtimes)


def any_running(processes: list[ManagedProcess]) -> bool:
    return any(process.is_running for process in processes)
