"""Writers who write and clients who follow, and the reckoning at the end."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tms_testing.realtime.client_pool import Crowd
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

# Writes that go through everything before it counts as flowing.
SOME = 20
# Clients that begin behind an event, or earlier.
Gathering = Callable[[System, int], list[Follower]]


def usual_followers(system: System, since: int) -> list[Follower]:
    """Some of each kind: who sees all by either wire, who sees what passes a filter, and who may not see all."""
    admin, ann, bob = (system.people[name] for name in ("admin", "ann", "bob"))
    everything = Viewer()
    some = Viewer(words={"status": ("PENDING", "IN_PROGRESS"), "assigned_to": ("me", "none")}, me=admin.id)
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
class Reckoning:
    """What came of it, at the end."""

    # That were written meanwhile.
    events: Sequence[Event]
    verdicts: Sequence[Verdict]
    # Of clients that came at the end and began where the others had begun.
    late_verdicts: Sequence[Verdict]
    # Of the log, the writes, the sinks and the processes.
    other_faults: Sequence[str]

    def faults(self) -> list[object]:
        """All that is not as it should be."""
        return [*(one for one in (*self.verdicts, *self.late_verdicts) if not one.is_clean), *self.other_faults]


class Traffic:
    """Made by `traffic_in`."""

    def __init__(self, system: System, writers: Writers, gather: Gathering):
        self.system = system
        self.writers = writers
        self._since = newest_position(system.database_url)
        self._gather = gather
        self.crowd = self._gathered()

    @property
    def followers(self) -> Sequence[Follower]:
        return self.crowd.followers

    def flow(self) -> None:
        """Until everyone has got something that was written after this began, and some writes later."""
        number = self.writers.await_commits(SOME)
        self.crowd.await_all(lambda one: not one.keeps_up or one.record.newest_write >= number, f"got write {number}")

    def reckon(self) -> Reckoning:
        """The end: waits until everyone has what it should have, if it ever gets it."""
        self.writers.stop()
        self.crowd.settle()
        last = self.writers.write_at_once(1)
        self.crowd.wait_for(lambda: any(one.record.newest_write == last for one in self.followers))
        events = read_log(self.system.database_url)
        late = self._gathered()
        late.settle()
        late.start()
        try:
            verdicts = self._judge(self.crowd, events, is_late=False)
            late_verdicts = self._judge(late, events, is_late=True)
        finally:
            late.stop()
        new = [event for event in events if event.position > self._since]
        faults = [*log_faults(events), *self.writers.outcomes.faults(new), *self._sinks_behind(events[-1].position)]
        return Reckoning(new, verdicts, late_verdicts, [*faults, *self.system.dead()])

    def _sinks_behind(self, position: int) -> list[str]:
        """Those that are not handed all events in time."""
        deadline = time.monotonic() + PATIENCE
        while (behind := sinks_behind(self.system.database_url, position)) and time.monotonic() < deadline:
            time.sleep(PROBE_INTERVAL)
        return [f"the sink {sink} has not got all events" for sink in behind]

    def _gathered(self) -> Crowd:
        return Crowd(self._gather(self.system, self._since))

    def _judge(self, crowd: Crowd, events: Sequence[Event], *, is_late: bool) -> list[Verdict]:
        wanted = {one: _wanted(one, events, is_late=is_late) for one in crowd.followers}
        crowd.wait_for(lambda: all(one.record.last >= max(told, default=0) for one, told in wanted.items()))
        # What would come too much is there as well now.
        crowd.flush()
        return [
            judge(
                one.name,
                one.record.got,
                told,
                may_lack=set() if is_late else one.viewer.may_lack(events),
                resets=one.record.resets,
                others=one.record.unexpected,
            )
            for one, told in wanted.items()
        ]


def _wanted(one: Follower, events: Sequence[Event], *, is_late: bool) -> dict[int, dict[str, Any]]:
    withheld = one.viewer.withheld(events) if is_late else set()
    told = one.viewer.expected([event for event in events if event.position > one.record.since])
    return {position: message for position, message in told.items() if position not in withheld}


@contextmanager
def traffic_in(
    system: System, *, gather: Gathering = usual_followers, pause: float = 0.02, at_once: int = 1, seed: int = 0
) -> Iterator[Traffic]:
    """It ends with the block, in which `reckon` is to be called."""
    traffic = Traffic(system, Writers(system, threads=2, pause=pause, at_once=at_once, seed=seed), gather)
    traffic.crowd.start()
    traffic.writers.start()
    try:
        yield traffic
    finally:
        traffic.writers.stop()
        traffic.crowd.stop()
