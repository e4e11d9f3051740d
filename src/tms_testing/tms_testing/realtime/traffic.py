"""Traffic on a system: writers, clients, and the report at the end."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tms_testing.realtime.client_pool import ClientPool
from tms_testing.realtime.followers import Follower, SocketFollower, StreamFollower
from tms_testing.realtime.oracle import (
    Event,
    Verdict,
    Viewer,
    judge,
    log_faults,
    newest_position,
    read_log,
    sinks_behind,
)
from tms_testing.realtime.process import PATIENCE, PROBE_INTERVAL
from tms_testing.realtime.system import System
from tms_testing.realtime.writers import Writers

# Writes that must reach every client before traffic counts as flowing.
SOME = 20
# Creates clients that begin at a position or earlier.
FollowerFactory = Callable[[System, int], list[Follower]]


def usual_followers(system: System, since: int) -> list[Follower]:
    """Return clients of each kind: all events over both protocols, filtered ones, and users with private tasks."""
    admin, ann, bob = (system.users[name] for name in ("admin", "ann", "bob"))
    everything = Viewer()
    some = Viewer(params={"status": ("PENDING", "IN_PROGRESS"), "assigned_to": ("me", "none")}, me=admin.id)
    ports = system.ports
    return [
        SocketFollower("all 1", admin, ports, since, everything),
        SocketFollower("all 2", admin, ports, since, everything),
        StreamFollower("all by SSE", admin, ports, since, everything),
        SocketFollower("filtered", admin, ports, since, some),
        StreamFollower("filtered by SSE", admin, ports, since, some),
        SocketFollower("private, keeps all", bob, ports, since, Viewer(user=bob.id)),
        SocketFollower("private, loses some", ann, ports, since, Viewer(user=ann.id)),
    ]


@dataclass(frozen=True)
class TrafficReport:
    """The result of a run."""

    # The events that were written during the run.
    events: Sequence[Event]
    verdicts: Sequence[Verdict]
    # Of clients that connected after the run and began where the others had begun.
    late_verdicts: Sequence[Verdict]
    # Faults of the log, the writes, the sinks and the processes.
    other_faults: Sequence[str]

    def faults(self) -> list[object]:
        """Return everything that is not as expected; empty for a clean run."""
        return [*(one for one in (*self.verdicts, *self.late_verdicts) if not one.is_clean), *self.other_faults]


class Traffic:
    """Created by `traffic_in`."""

    def __init__(self, system: System, writers: Writers, make_followers: FollowerFactory):
        self.system = system
        self.writers = writers
        self._since = newest_position(system.database_url)
        self._make_followers = make_followers
        self.clients = self._make_clients()

    @property
    def followers(self) -> Sequence[Follower]:
        return self.clients.followers

    def flow(self) -> None:
        """Wait until every client has received an event that was written after the call."""
        number = self.writers.await_commits(SOME)
        self.clients.await_all(lambda one: not one.keeps_up or one.record.newest_write >= number, f"got write {number}")

    def report(self) -> TrafficReport:
        """End the run: stop the writers, wait for the clients, and return the report."""
        self.writers.stop()
        self.clients.settle()
        last = self.writers.write_at_once(1)
        self.clients.wait_for(lambda: any(one.record.newest_write == last for one in self.followers))
        events = read_log(self.system.database_url)
        late = self._make_clients()
        late.settle()
        late.start()
        try:
            verdicts = self._judge(self.clients, events, is_late=False)
            late_verdicts = self._judge(late, events, is_late=True)
        finally:
            late.stop()
        new = [event for event in events if event.position > self._since]
        faults = [*log_faults(events), *self.writers.outcomes.faults(new), *self._sinks_behind(events[-1].position)]
        return TrafficReport(new, verdicts, late_verdicts, [*faults, *self.system.dead()])

    def _sinks_behind(self, position: int) -> list[str]:
        """Return faults for the sinks that do not receive all events in time."""
        deadline = time.monotonic() + PATIENCE
        while (behind := sinks_behind(self.system.database_url, position)) and time.monotonic() < deadline:
            time.sleep(PROBE_INTERVAL)
        return [f"the sink {sink} has not got all events" for sink in behind]

    def _make_clients(self) -> ClientPool:
        return ClientPool(self._make_followers(self.system, self._since))

    def _judge(self, clients: ClientPool, events: Sequence[Event], *, is_late: bool) -> list[Verdict]:
        wanted = {one: _wanted(one, events, is_late=is_late) for one in clients.followers}
        clients.wait_for(lambda: all(one.record.last >= max(messages, default=0) for one, messages in wanted.items()))
        # Superfluous messages have arrived after this as well.
        clients.flush()
        return [
            judge(
                one.name,
                one.record.got,
                messages,
                may_lack=set() if is_late else one.viewer.may_lack(events),
                resets=one.record.resets,
                others=one.record.unexpected,
            )
            for one, messages in wanted.items()
        ]


def _wanted(one: Follower, events: Sequence[Event], *, is_late: bool) -> dict[int, dict[str, Any]]:
    withheld = one.viewer.withheld(events) if is_late else set()
    messages = one.viewer.expected([event for event in events if event.position > one.record.since])
    return {position: message for position, message in messages.items() if position not in withheld}


@contextmanager
def traffic_in(
    system: System,
    *,
    make_followers: FollowerFactory = usual_followers,
    pause: float = 0.02,
    at_once: int = 1,
    seed: int = 0,
) -> Iterator[Traffic]:
    """Run traffic during the block, in which `report` is to be called."""
    traffic = Traffic(system, Writers(system, threads=2, pause=pause, at_once=at_once, seed=seed), make_followers)
    traffic.clients.start()
    traffic.writers.start()
    try:
        yield traffic
    finally:
        traffic.writers.stop()
        traffic.clients.stop()
