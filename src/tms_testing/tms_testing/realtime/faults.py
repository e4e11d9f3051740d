"""What happens to the parts amid traffic. Each fault leaves everything running again."""

import random
import signal
from collections.abc import Callable

from tms_testing.realtime.process import ManagedProcess
from tms_testing.realtime.system import RedisPart
from tms_testing.realtime.traffic import Traffic

FieldError = Callable[[Traffic], None]
SOME_FAILURES = 5
# In worlds that say so.
REDIS_KEEPS = 300
MORE_THAN_REDIS_KEEPS = 700


def redis_is_killed(traffic: Traffic) -> None:
    """It comes back with all that it had."""
    traffic.system.redis.kill()
    traffic.flow()
    traffic.system.redis.start()


def redis_loses_its_data(traffic: Traffic) -> None:
    traffic.system.redis.kill()
    traffic.flow()
    traffic.system.redis.forget()
    traffic.system.redis.start()


def redis_goes_back(traffic: Traffic) -> None:
    """It comes back with what it had a while ago, as from a snapshot; a realtime process begins with that."""
    traffic.system.redis.keep()
    traffic.flow()
    traffic.system.redis.kill()
    traffic.system.redis.go_back()
    traffic.system.redis.start()
    traffic.flow()
    traffic.system.realtimes[0].kill()
    traffic.system.realtimes[0].start()


def postgres_is_killed(traffic: Traffic) -> None:
    """Amid everything, clients come back while it is away."""
    kill_postgres(traffic)
    traffic.writers.await_failures(SOME_FAILURES)
    traffic.crowd.cut(traffic.followers[::2])
    traffic.writers.await_failures(SOME_FAILURES)
    traffic.system.postgres.start()


def leading_relay_is_killed(traffic: Traffic) -> None:
    """The other takes over."""
    leader = traffic.system.await_leader()
    leader.kill()
    traffic.flow()
    leader.start()


def realtime_is_killed(traffic: Traffic) -> None:
    part = traffic.system.realtimes[0]
    part.kill()
    traffic.flow()
    part.start()


def realtime_stalls(traffic: Traffic) -> None:
    """While more is written than Redis keeps."""
    part = traffic.system.realtimes[0]
    part.pause()
    try:
        traffic.writers.write_at_once(MORE_THAN_REDIS_KEEPS)
    finally:
        part.go_on()


def realtime_ends(traffic: Traffic) -> None:
    """By SIGTERM: every WebSocket there is told to go elsewhere."""
    part, port = traffic.system.realtimes[1], traffic.system.ports[1]
    told = {one: one.record.ends["1001"] for one in traffic.followers if one.port == port and one.is_socket}
    stop(part)
    assert traffic.crowd.wait_for(lambda: all(one.record.ends["1001"] > before for one, before in told.items()))
    traffic.flow()
    part.start()


def realtime_ends_without_redis(traffic: Traffic) -> None:
    """What it would say to Redis at its end cannot keep it."""
    part = traffic.system.realtimes[1]
    traffic.system.redis.kill()
    stop(part)
    traffic.system.redis.start()
    part.start()


FAULTS: dict[str, FieldError] = {
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
    """«Immediate»: as by a power cut, it has to recover. Its own children would outlive a SIGKILL."""
    traffic.system.postgres.end(signal.SIGQUIT)


def stop(part: ManagedProcess) -> None:
    status = part.stop()
    assert status == 0, f"{part.name} ends with {status}:\n{part.log.text}"


class Chaos:
    """Anything, at any time: parts that are down when others go, or go while they start."""

    def __init__(self, traffic: Traffic, rng: random.Random):
        self._traffic = traffic
        self._world = traffic.system
        self._random = rng

    def step(self) -> str:
        """Something happens, and traffic goes on where it can; what it was."""
        part = self._random.choice(self._world.parts)
        what = self._fell(part) if part.is_running else self._raise(part)
        if self._can_flow():
            self._traffic.flow()
        elif not self._world.postgres.is_running:
            self._traffic.writers.await_failures(SOME_FAILURES)
        else:
            self._traffic.writers.await_commits(SOME_FAILURES)
        return what

    def end(self) -> None:
        """Everything runs again."""
        self._world.start()
        self._traffic.flow()

    def _fell(self, part: ManagedProcess) -> str:
        if part is self._world.postgres:
            # It would not start without.
            for realtime in self._world.realtimes:
                realtime.await_ready() if realtime.is_running else None
            kill_postgres(self._traffic)
            return "postgres is killed"
        if isinstance(part, RedisPart):
            part.keep() if self._random.random() < 0.5 else part.kill()
            return "redis is killed" if not part.is_running else "redis makes a snapshot"
        if self._random.random() < 0.5:
            part.kill()
            return f"{part.name} is killed"
        part.await_ready()
        stop(part)
        return f"{part.name} ends"

    def _raise(self, part: ManagedProcess) -> str:
        if part in self._world.realtimes and not self._world.postgres.is_running:
            self._world.postgres.start()
        what = "comes back"
        if isinstance(part, RedisPart):
            what = self._random.choice(["comes back", "comes back empty", "goes back"])
            if what == "comes back empty":
                part.forget()
            elif what == "goes back" and part.has_kept:
                part.go_back()
        part.start() if part is self._world.postgres else part.launch()
        return f"{part.name} {what}"

    def _can_flow(self) -> bool:
        system = self._world
        return system.postgres.is_running and any_runs(system.relays) and any_runs(system.realtimes)


def any_runs(parts: list[ManagedProcess]) -> bool:
    return any(part.is_running for part in parts)
