"""Writers who write and clients who follow, and the reckoning at the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tms_realtime.testing.crowd import Crowd
from tms_realtime.testing.followers import Follower, SocketFollower, StreamFollower
from tms_realtime.testing.ledger import Event, Verdict, Viewer, judge, newest_position, read_log
from tms_realtime.testing.world import World
from tms_realtime.testing.writers import Writers

# Writes that go through everything before it counts as flowing.
SOME = 20
Gathering = Callable[[World, int], list[Follower]]


def usual_followers(world: World, since: int) -> list[Follower]:
    """Some of each kind: who sees all by either wire, who sees what passes a filter, and who may not see all."""
    admin, ann, bob = (world.people[name] for name in ("admin", "ann", "bob"))
    everything = Viewer()
    some = Viewer(words={"status": ("PENDING", "IN_PROGRESS"), "assigned_to": ("me", "none")}, me=admin.id)
    ports = world.ports
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

    events: Sequence[Event]
    verdicts: Sequence[Verdict]
    # Of clients that came at the end and began where the others had begun.
    late_verdicts: Sequence[Verdict]
    write_faults: Sequence[str]
    dead: Sequence[str]

    def faults(self) -> list[object]:
        """All that is not as it should be."""
        unclean = [verdict for verdict in (*self.verdicts, *self.late_verdicts) if not verdict.is_clean]
        return [*unclean, *self.write_faults, *self.dead]


class Traffic:
    """Made by `traffic_in`."""

    def __init__(self, world: World, writers: Writers, gather: Gathering):
        self.world = world
        self.writers = writers
        self._since = newest_position(world.database_url)
        self._gather = gather
        self.crowd = Crowd(gather(world, self._since))

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
        last = self.writers.write_last()
        self.crowd.wait_for(lambda: any(one.record.newest_write == last for one in self.followers))
        events = read_log(self.world.database_url, self._since)
        late = Crowd(self._gather(self.world, self._since))
        late.settle()
        late.start()
        try:
            verdicts = self._judge(self.crowd, events, is_late=False)
            late_verdicts = self._judge(late, events, is_late=True)
        finally:
            late.stop()
        faults = self.writers.outcomes.faults(events)
        return Reckoning(events, verdicts, late_verdicts, faults, self.world.dead())

    def _judge(self, crowd: Crowd, events: Sequence[Event], *, is_late: bool) -> list[Verdict]:
        wanted = {}
        for one in crowd.followers:
            withheld = one.viewer.withheld(events) if is_late else set()
            told = one.viewer.expected(events)
            wanted[one.name] = {position: message for position, message in told.items() if position not in withheld}
        crowd.wait_for(lambda: all(one.record.last >= max(wanted[one.name], default=0) for one in crowd.followers))
        # What would come too much is there as well now.
        crowd.flush()
        return [
            judge(
                one.name,
                one.record.got,
                wanted[one.name],
                may_lack=set() if is_late else one.viewer.may_lack(events),
                resets=one.record.resets,
                others=one.record.unexpected,
            )
            for one in crowd.followers
        ]


@contextmanager
def traffic_in(
    world: World, *, gather: Gathering = usual_followers, pause: float = 0.02, at_once: int = 1, seed: int = 0
) -> Iterator[Traffic]:
    """It ends with the block, in which `reckon` is to be called."""
    traffic = Traffic(world, Writers(world, threads=2, pause=pause, at_once=at_once, seed=seed), gather)
    traffic.crowd.start()
    traffic.writers.start()
    try:
        yield traffic
    finally:
        traffic.writers.stop()
        traffic.crowd.stop()
