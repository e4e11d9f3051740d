"""Resolves the `q` of a filter by the database's own rules for words, so that tasks and searches are folded alike."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import ARRAY, Text, bindparam, text

from tms_core.migrations.search_functions import UNSPACED as UNSPACED_RANGES
from tms_core.services.search_query import SearchQuery, SearchTerm
from tms_core.services.search_syntax import Alternative, Term, parse, require_positive
from tms_core.services.task_filter import TaskFilter
from tms_core.services.task_reading import Reader

SPLIT = text(
    "SELECT search_words(value) FROM unnest(:values) WITH ORDINALITY AS given (value, place) ORDER BY place"
).bindparams(bindparam("values", type_=ARRAY(Text)))
UNSPACED = re.compile(f"[{UNSPACED_RANGES}]")


def resolve_search(reader: Reader, wanted: TaskFilter) -> TaskFilter:
    """Return the filter with its search. Raises `InvalidError` if `q` has too many or only excluded terms."""
    if not wanted.q:
        return wanted
    alternatives = parse(wanted.q)
    require_positive(alternatives)
    values = [term.text for terms in alternatives for term in terms]
    words = iter([line.split() for line in reader.scalars(SPLIT, {"values": values})]) if values else iter(())
    resolved = [tuple(_resolve(terms, words)) for terms in alternatives]
    # Terms of only punctuation are ignored, and alternatives of only such terms match nothing.
    found = tuple(terms for terms in resolved if any(not term.is_excluded for term in terms))
    if not found:
        return replace(wanted, is_contradictory=True)
    return replace(wanted, search=SearchQuery(found))


def _resolve(terms: Alternative, words: Iterator[Sequence[str]]) -> Iterator[SearchTerm]:
    found = [_search_term(term, tuple(next(words))) for term in terms]
    yield from dict.fromkeys(term for term in found if term.words)


def _search_term(term: Term, words: tuple[str, ...]) -> SearchTerm:
    if not words:
        return SearchTerm((), term.is_excluded)
    last = words[-1]
    is_unspaced = UNSPACED.match(last) is not None
    if is_unspaced and len(words) > 1 and len(last) == 1 and words[-2][1:] == last:
        # In the middle of a text, a pair follows instead of the last single character.
        return SearchTerm(words[:-1], term.is_excluded, is_phrase=term.is_phrase, is_prefix=False)
    if is_unspaced:
        return SearchTerm(words, term.is_excluded, is_phrase=term.is_phrase, is_prefix=True)
    # One letter is a beginning only while it is being typed.
    is_prefix = term.is_prefix and (len(last) > 1 or term.is_last)
    return SearchTerm(words, term.is_excluded, is_phrase=term.is_phrase, is_prefix=is_prefix)
