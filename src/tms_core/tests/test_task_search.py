"""Properties of the search: what it always finds, what it never finds, and that no text is an error."""

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from tms_core.errors import InvalidError
from tms_core.models import Task, User
from tms_core.models.task_search import TASK_SEARCH
from tms_core.permissions import OPERATOR
from tms_core.services.search_query import Rank
from tms_core.services.task_filter import TaskFilter
from tms_core.services.task_listing import TaskListing
from tms_core.services.task_search import resolve_search

# Ranges of letters whose beginnings are words by themselves: not jamo, which compose to syllables.
SCRIPTS = {
    "Latin": "a-zA-ZÀ-ÖØ-öø-ÿĀ-ſḀ-ỿ", "Greek": "Ά-ΏΑ-ώἀ-Ἕ", "Cyrillic": "Ѐ-ҁҊ-ӿ", "Armenian": "Ա-Ֆա-և",
    "Hebrew": "א-ת",
    "Arabic": "ء-غف-ي٠-٩", "Devanagari": "क-ह०-९", "Thai": "ก-ะเ-ไ", "Georgian": "ა-ჰ", "Han": "一-龥",
    "Hiragana": "ぁ-ん", "Katakana": "ァ-ヶ", "Hangul": "가-힣", "full width": "ａ-ｚＡ-Ｚ０-９", "digits": "0-9",
}  # fmt: skip


def letters(ranges):
    pairs = [(ranges[place], ranges[place + 2]) for place in range(0, len(ranges), 3)]
    return st.one_of([st.characters(min_codepoint=ord(first), max_codepoint=ord(last)) for first, last in pairs])


LETTERS = {name: letters(ranges).filter(str.isalnum) for name, ranges in SCRIPTS.items()}
# Words of one script, and words of several.
WORD = st.one_of(
    *(st.text(alphabet, min_size=1, max_size=12) for alphabet in LETTERS.values()),
    st.text(st.one_of(*LETTERS.values()), min_size=1, max_size=12),
)
GLUE = st.sampled_from([" ", "-", ".", "/", "_", "@", ":", " - ", ", ", "...", "\u3000", "\n", "、", "'"])
TITLE = st.lists(st.tuples(WORD, GLUE), min_size=1, max_size=6).map(
    lambda pairs: "".join(word + glue for word, glue in pairs)[:200].strip()
)
ANY = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
QUERY = st.lists(
    st.one_of(
        ANY, WORD, st.sampled_from(["or", "OR", "-", '"', '-"', "\\", "'", ":*", "&", "!", "(", "%", "=", "~", "$1"])
    ),
    max_size=8,
).flatmap(lambda parts: st.sampled_from([" ", ""]).map(lambda glue: glue.join(parts)))
many = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture
def author(runtime):
    with runtime.transaction() as session:
        user = User(username="ann", email="ann@example.com")
        session.add(user)
        session.flush()
        return user.id


class Board:
    """One task at a time, and the searches that find it."""

    def __init__(self, session, author, statements):
        self.session = session
        self._statements = statements
        self.session.execute(text("DELETE FROM task"))
        self._author = author

    def put(self, title, description=""):
        self.session.add(Task(title=title, description=description, created_by=self._author))
        self.session.flush()

    def finds(self, q):
        wanted = resolve_search(self.session, TaskFilter(q=q.strip()))
        listing = TaskListing(self._statements, lambda: self.session, OPERATOR, "team")
        page = listing.page(wanted, limit=10)
        assert len(page.rows) == page.count
        return page.count > 0


@pytest.fixture
def board(runtime, author):
    """Return a context manager: a board in a transaction that is rolled back."""

    class Opened:
        def __enter__(self):
            self.session = runtime.sessions()
            return Board(self.session, author, runtime.single_statements)

        def __exit__(self, *_):
            self.session.rollback()
            self.session.close()

    return Opened


@many
@given(title=TITLE, in_title=st.booleans())
@example(title="l'école d'été", in_title=True)
@example(title="x" * 200, in_title=False)
def test_every_word_finds_its_task(board, title, in_title):
    with board() as one:
        one.put(*([title] if in_title else ["title", title]))

        for word in title.split():
            if any(map(str.isalnum, word)) and word[0] not in '-"':
                assert one.finds(word), word
                assert one.finds(f'"{word}"'), word


@many
@given(title=TITLE)
@example(title="l'iPhone")
def test_every_beginning_of_a_word_finds_its_task(board, title):
    with board() as one:
        one.put(title)

        for word in title.replace("'", " ").split():
            for length in range(2, len(word) + 1):
                beginning = word[:length]
                if beginning[-1].isalnum() and beginning[0] not in '-"':
                    assert one.finds(beginning), beginning


@many
@given(title=TITLE)
def test_the_whole_title_finds_its_task(board, title):
    assume(any(map(str.isalnum, title)) and title[0] != "-" and " -" not in title and "\n-" not in title)
    assume("or" not in title.lower().split())
    with board() as one:
        one.put(title)

        assert one.finds(title)


@many
@given(title=TITLE)
@example(title="ŉ")
def test_folding_is_symmetric(board, title):
    forms = {unicodedata.normalize(form, title) for form in ("NFC", "NFD", "NFKC")}
    forms |= {title.upper(), title.lower()} if title.upper().lower() == title.lower() else set()
    words = [word for word in title.split() if any(map(str.isalnum, word)) and word[0] != "-"]
    for form in forms:
        with board() as one:
            one.put(form[:200])
            if len(form) <= 200:
                assert [word for word in words if not one.finds(word)] == []


@many
@given(title=TITLE, word=WORD)
def test_an_excluded_word_excludes(board, title, word):
    with board() as one:
        one.put(f"findme {title}"[:190], word)

        assert one.finds("findme")
        assert not one.finds(f"findme -{word}")
        assert not one.finds(f'findme -"{word}"')


@many
@given(title=ANY, q=QUERY)
@example(title="a", q="a or -b")
@example(title="a", q='"')
def test_no_text_is_an_error(board, title, q):
    with board() as one:
        one.put(title or "x", q)
        if "-" in q:
            # There may be only excluded terms.
            with suppress(InvalidError):
                one.finds(q)
        else:
            one.finds(q)


@many
@given(title=TITLE, description=TITLE, q=st.lists(st.one_of(WORD, TITLE), min_size=1, max_size=3).map(" ".join))
def test_the_index_and_the_patterns_agree(board, title, description, q):
    with board() as one:
        one.put(title, description)
        one.put(f"{q} {title}"[:200], "")
        one.put("x", q)
        wanted = resolve_search(one.session, TaskFilter(q=q.replace("-", " ").strip()))
        if wanted.search is None:
            return

        for rank in Rank:
            indexed, scanned = (
                set(one.session.scalars(select(TASK_SEARCH.c.task_id).where(condition)))
                for condition in (wanted.search.condition(rank), wanted.search.scanned(rank))
            )
            assert indexed == scanned, rank


WORST = {
    "one word": "a" * 10_000,
    "boundaries": "aA1" * 3_333,
    "compounds": "a-b.c/" * 1_666,
    "apostrophes": "a'" * 5_000,
    "separators": "-" * 10_000,
    "spaces": " " * 10_000,
    "Han": "会" * 10_000,
    "emoji": "🎉" * 10_000,
    "marks": "e" + "\u0301" * 9_999,
    "expanding": "\ufdfa" * 10_000,
    "long words": ("b" * 300 + " ") * 33,
    "capital, then one word": "aA " + "b" * 9_990,
}


@pytest.mark.parametrize("kind", WORST)
def test_the_largest_description_can_be_stored_and_found(board, kind):
    with board() as one:
        one.put("title", WORST[kind])

        assert one.finds("title")
        size = one.session.scalar(text("SELECT octet_length(words) FROM task_search"))
        assert size < 1_000_000
