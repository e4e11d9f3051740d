"""Tasks for the benchmark of the search: words by Zipf's law, compounds, and texts in several scripts."""

import io
import itertools
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

COMMON = """
    the a to and of in for is on that with it as at by from be or an are this was not we you have can will
    should must when if all no new but they which project progress process product problem program promise
    production provider proposal prompt profile property protect prototype task launch rocket invoice budget
    report meeting customer release deploy server database error crash login page search export import update
    upgrade fix add remove review write send call plan design test check prepare document backup restore
    monitor alert metric queue worker cache index query user team office contract offer order shipment
    delivery payment refund account password token session browser
"""
SYLLABLES = """
    ba be bi bo bu ca ce ci co da de di do fa fe fi ga ge go ha he hi ho ja ka ke la le li lo ma me mi mo na
    ne ni no pa pe pi po qua ra re ri ro sa se si so ta te ti to va ve vi vo wa we ya za ter ment ing tion er
    al ic ous ly ness ship
"""
VOCABULARY = 60_000
HAN = "会議の準備をする東京本社で新しい計画案を確認顧客に送付請求書作成更新問題修正開発環境試験結果報告"
CYRILLIC = """
    подготовить отчёт для встречи проверить договор клиента исправить ошибку сервер обновить ёлка
"""
ACCENTED = """
    Überweisung Straße Größe Vertragsverlängerung Donaudampfschifffahrt Büro Änderung café naïve Müller
"""
STATUSES = ("PENDING", "IN_PROGRESS", "COMPLETED", "COMPLETED", "ARCHIVED")


class Row(NamedTuple):
    title: str
    description: str
    status: str
    assigned_to: int
    created_by: int


class Corpus:
    def __init__(self, users: int, *, seed: int = 1):
        self._users = users
        self._rng = random.Random(seed)
        words = dict.fromkeys(COMMON.split())
        syllables = SYLLABLES.split()
        while len(words) < VOCABULARY:
            words.setdefault("".join(self._rng.choices(syllables, k=self._rng.randint(2, 5))))
        self.vocabulary = list(words)
        weights = list(itertools.accumulate(1 / (place + 3) for place in range(VOCABULARY)))
        self._words = itertools.cycle(self._rng.choices(self.vocabulary, cum_weights=weights, k=3_999_971))

    def rows(self, number: int) -> Iterator[Row]:
        rng = self._rng
        for _ in range(number):
            title, description = self._some(3, 8), self._some(0, 45)
            kind = rng.random()
            if kind < 0.25:
                title.insert(rng.randrange(len(title)), self._compound())
            elif kind < 0.28:
                start = rng.randrange(len(HAN) - 12)
                title = [HAN[start : start + rng.randint(4, 12)]]
            elif kind < 0.31:
                title, description = rng.sample(CYRILLIC.split(), 4), rng.sample(CYRILLIC.split(), 5)
            elif kind < 0.34:
                title += rng.sample(ACCENTED.split(), 2)
            if description and rng.random() < 0.25:
                description += [self._compound() for _ in range(rng.randint(1, 3))]
            user = rng.randint(1, self._users)
            yield Row(" ".join(title)[:200], " ".join(description), rng.choice(STATUSES), user, user)

    def copy(self, cursor: Any, number: int, *, batch: int = 10_000) -> None:
        rows = self.rows(number)
        while lines := ["\t".join(map(str, row)) + "\n" for row in itertools.islice(rows, batch)]:
            cursor.copy_expert(f"COPY task ({', '.join(Row._fields)}) FROM STDIN", io.StringIO("".join(lines)))

    def _some(self, least: int, most: int) -> list[str]:
        return list(itertools.islice(self._words, self._rng.randint(least, most)))

    def _compound(self) -> str:
        a, b, c = itertools.islice(self._words, 3)
        number = self._rng.randint
        return self._rng.choice(
            [
                f"https://example.com/{a}/{b}-{number(1, 99)}?x={number(1, 999)}",
                f"src/{a}/{b}.py",
                f"v{number(1, 20)}.{number(0, 30)}.{number(0, 99)}",
                f"CVE-20{number(10, 26)}-{number(1000, 99999)}",
                f"{a}.{b}@example.com",
                f"lib{a}-{b}",
                f"{a.upper()[:4]}-{number(1, 9999)}",
                f"{a}{b.capitalize()}",
                f"{a}_{b}_{c}",
                f"don't {a}'s",
            ]
        )
