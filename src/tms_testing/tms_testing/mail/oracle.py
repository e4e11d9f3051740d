"""What must have arrived: the committed events, compared with the mails that the server accepted.

The titles of a task count its events: T17.0 when it is created, T17.1 after its first change. A mail about changes
says from which title to which, so mails that combine changes can be checked as well.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Arrival:
    """An accepted mail about a task: from one title's number to another; `first` is None if it was assigned."""

    message_id: str
    task: int
    first: int | None
    last: int


@dataclass(slots=True)
class Verdict:
    """Counts of events and mails. `repeated` are further copies with the same Message-ID, `doubled` any others."""

    events: int = 0
    due: int = 0
    sent: int = 0
    repeated: int = 0
    doubled: int = 0
    lost: int = 0
    faults: list[str] = field(default_factory=list)


def judge(events: Iterable[tuple[int, int]], arrivals: Sequence[Arrival], *, mails_due: int) -> Verdict:
    """Compare committed events, (task, number), with the mails that arrived. `mails_due` is that of the mail log."""
    verdict = Verdict(due=mails_due)
    copies = Counter(arrival.message_id for arrival in arrivals)
    verdict.sent = len(copies)
    verdict.repeated = sum(copies.values()) - len(copies)
    told: Counter[tuple[int, int]] = Counter()
    for arrival in {arrival.message_id: arrival for arrival in arrivals}.values():
        first = arrival.last - 1 if arrival.first is None else arrival.first
        told.update((arrival.task, number) for number in range(first + 1, arrival.last + 1))
    by_task: dict[int, list[int]] = defaultdict(list)
    for task, number in events:
        verdict.events += 1
        count = told.pop((task, number), 0)
        verdict.lost += count == 0
        verdict.doubled += max(0, count - 1)
        if count != 1:
            by_task[task].append(number)
    verdict.faults += [
        f"task {task}: events {numbers} are not in exactly one mail" for task, numbers in by_task.items()
    ]
    verdict.faults += [f"a mail tells of {event}, which is not committed" for event in told]
    return verdict
