"""Demo tasks with a plausible distribution: most are completed, few urgent, some overdue or due soon, and a few users
have most of them."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from tms_core.models import Priority, Status
from tms_local.demo.vocabulary import KINDS, Kind

BLOCK = 1_000
HISTORY_DAYS = 540
MINUTES = HISTORY_DAYS * 24 * 60
WITHOUT_DUE_DATE = 0.10
WITHOUT_ASSIGNEE = 0.08
# One in `EVERY` tasks is open and due around today, so that even small demos have current work.
EVERY = 25
THESE_DAYS = (0, 1, -1, 2, -3, 4, 0, -6, 1, 3)

PRIORITIES = tuple(Priority)
STATUSES = tuple(Status)
PRIORITY_WEIGHTS = tuple(accumulate((28, 50, 17, 5)))
# Weights of PENDING, IN_PROGRESS, COMPLETED and ARCHIVED for past and for future due dates.
PAST = tuple(accumulate((6, 5, 61, 28)))
AHEAD = tuple(accumulate((52, 24, 22, 2)))
KIND_WEIGHTS = tuple(accumulate(kind.weight for kind in KINDS))


class DemoTask(NamedTuple):
    """A row of `task`; the fields are named like the columns."""

    title: str
    description: str
    priority: Priority
    status: Status
    due_date: date | None
    assigned_to: int | None
    created_by: int
    created_at: datetime
    updated_at: datetime
    version: int


def tasks(number: int, user_ids: Sequence[int], *, midnight: datetime, seed: int) -> Iterator[DemoTask]:
    """Yield `number` tasks of the given users, oldest first and all created before `midnight`. The same arguments yield
    the same tasks."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    today, midnight = midnight.date(), midnight.astimezone(UTC)
    busy = [1 / place**0.8 for place in range(1, len(user_ids) + 1)]
    to_whom = tuple(accumulate([sum(busy) * WITHOUT_ASSIGNEE, *busy]))
    by_whom = tuple(accumulate(busy))
    for start in range(0, number, BLOCK):
        size = min(BLOCK, number - start)
        # Random choices are made in blocks, which is five times as fast.
        drawn = zip(
            rng.choices(KINDS, cum_weights=KIND_WEIGHTS, k=size),
            rng.choices(PRIORITIES, cum_weights=PRIORITY_WEIGHTS, k=size),
            rng.choices((None, *user_ids), cum_weights=to_whom, k=size),
            rng.choices(user_ids[::-1], cum_weights=by_whom, k=size),
            strict=True,
        )
        for place, (kind, priority, assigned_to, created_by) in enumerate(drawn, start):
            created = midnight - timedelta(minutes=_age(place, number))
            due, status = _fate(rng, place, created, today)
            is_changed = status is not Status.PENDING
            yield DemoTask(
                *_text(rng, kind),
                priority,
                status,
                due,
                assigned_to,
                created_by,
                created_at=created,
                updated_at=created + (midnight - created) * rng.random() if is_changed else created,
                version=2 + int(rng.random() * 5) if is_changed else 1,
            )


def _age(place: int, number: int) -> int:
    """Return the age in minutes; the newer half of the tasks is from the last quarter of the period."""
    return 1 + int(MINUTES * ((number - place) / (number + 1)) ** 2)


def _fate(rng: random.Random, place: int, created: datetime, today: date) -> tuple[date | None, Status]:
    if place % EVERY == 0:
        days = THESE_DAYS[place // EVERY % len(THESE_DAYS)]
        return today + timedelta(days=days), Status.PENDING if place % 3 else Status.IN_PROGRESS
    if rng.random() < WITHOUT_DUE_DATE:
        return None, rng.choices(STATUSES, cum_weights=PAST)[0]
    due = created.date() + timedelta(days=int(rng.triangular(1, 90, 10)))
    return due, rng.choices(STATUSES, cum_weights=AHEAD if due >= today else PAST)[0]


def _text(rng: random.Random, kind: Kind) -> tuple[str, str]:
    """Return a title, and up to three consecutive sentences of the kind's list."""
    thing, place, end = (_one(rng, words) for words in (kind.things, kind.places, kind.ends))
    title = _one(rng, kind.titles).format(thing=thing, place=place) + end
    first = int(rng.random() * len(kind.sentences))
    description = " ".join(kind.sentences[first : first + int(rng.random() * 4)])
    return title[0].upper() + title[1:], description


def _one(rng: random.Random, words: Sequence[str]) -> str:
    # Three times as fast as rng.choice; called five times per task.
    return words[int(rng.random() * len(words))]
