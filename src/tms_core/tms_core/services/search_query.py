"""A search as SQL: a condition that the index evaluates, and a pattern that is evaluated row by row."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import ColumnElement, and_, cast, func, not_, or_
from sqlalchemy.dialects.postgresql import TSQUERY

from tms_core.models.task_search import TASK_SEARCH

WORDS = TASK_SEARCH.c.words
VECTOR = func.search_vector(WORDS)


class Rank(IntEnum):
    """How well a task matches, best first."""

    TITLE_WORDS = 1
    TITLE_BEGINNINGS = 2
    TITLE_PARTS = 3
    SOME_IN_TITLE = 4
    ANYWHERE = 5


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """Consecutive folded words. In the index, «=» marks words of titles and «~» marks parts of compounds in titles."""

    words: tuple[str, ...]
    is_excluded: bool = False
    # A phrase begins at the beginning of a word, a compound such as `foo-bar` also within a word: libfoo-bar.
    is_phrase: bool = False
    is_prefix: bool = True

    def lexemes(self, rank: Rank) -> str:
        """Return the tsquery that tasks of this or a better rank match; more may match if there are several words."""
        if rank is Rank.ANYWHERE:
            marks: tuple[str, ...] = ("",)
        else:
            marks = ("=",) if rank < Rank.TITLE_PARTS else ("=", "~")
        is_prefix = self.is_prefix and rank is not Rank.TITLE_WORDS
        last = [_lexeme(mark + self.words[-1], is_prefix) for mark in marks]
        # Parts are marked differently, but all words are also in the index without marks.
        rest = [_lexeme(word, False) for word in self.words[:-1]]
        return " & ".join([*rest, f"({' | '.join(last)})"])

    def pattern(self, rank: Rank) -> str:
        """Return the regular expression that exactly the tasks of this or a better rank match."""
        marks, between = {Rank.ANYWHERE: ("[=~]?", " =?")}.get(rank, ("=", " ="))
        if rank in (Rank.TITLE_PARTS, Rank.SOME_IN_TITLE):
            marks = "[=~]"
        # The index finds the first word of a compound, whole or as a part.
        is_within = len(self.words) > 1 and not self.is_phrase and rank >= Rank.TITLE_PARTS
        end = "" if self.is_prefix and rank is not Rank.TITLE_WORDS else " "
        return ("" if is_within else f" {marks}") + between.join(map(re.escape, self.words)) + end


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Alternatives of terms; a task must match all terms of one alternative."""

    alternatives: tuple[tuple[SearchTerm, ...], ...]

    @property
    def ranks(self) -> list[Rank]:
        """The ranks that tasks can have, best first."""
        is_single = all(sum(not term.is_excluded for term in terms) == 1 for terms in self.alternatives)
        return [rank for rank in Rank if not (is_single and rank is Rank.SOME_IN_TITLE)]

    def condition(self, rank: Rank = Rank.ANYWHERE) -> ColumnElement[bool]:
        """Return the condition on `task_search` that the index supports."""
        indexed: ColumnElement[bool] = VECTOR.op("@@", is_comparison=True)(cast(self._tsquery(rank), TSQUERY))
        return and_(indexed, self.scanned(rank)) if self._has_sequences else indexed

    def scanned(self, rank: Rank = Rank.ANYWHERE) -> ColumnElement[bool]:
        """Return the same condition for few rows, without the index."""

        def one(terms: Sequence[SearchTerm]) -> ColumnElement[bool]:
            join: Callable[..., ColumnElement[bool]] = or_ if rank is Rank.SOME_IN_TITLE else and_
            wanted = [WORDS.regexp_match(term.pattern(rank)) for term in terms if not term.is_excluded]
            excluded = [not_(WORDS.regexp_match(term.pattern(Rank.ANYWHERE))) for term in terms if term.is_excluded]
            return and_(join(*wanted), *excluded)

        return or_(*map(one, self.alternatives))

    def only(self, rank: Rank) -> list[ColumnElement[bool]]:
        """Return the scanned conditions of the tasks of exactly this rank, given those of this or a better rank."""
        return [not_(self.scanned(Rank(rank - 1)))] if rank > Rank.TITLE_WORDS else []

    @property
    def _has_sequences(self) -> bool:
        return any(len(term.words) > 1 for terms in self.alternatives for term in terms)

    def _tsquery(self, rank: Rank) -> str:
        def one(terms: Sequence[SearchTerm]) -> str:
            wanted = [f"({term.lexemes(rank)})" for term in terms if not term.is_excluded]
            # Tasks that have the words in another order are not excluded, so patterns decide about several words.
            excluded = [
                f"!{_lexeme(term.words[0], False)}" for term in terms if term.is_excluded and len(term.words) == 1
            ]
            joined = (" | " if rank is Rank.SOME_IN_TITLE else " & ").join(wanted)
            return " & ".join([f"({joined})", *excluded])

        return " | ".join(f"({one(terms)})" for terms in self.alternatives)


def _lexeme(word: str, is_prefix: bool) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'" + (":*" if is_prefix else "")
