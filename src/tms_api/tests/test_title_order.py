"""`ordering=title` ignores case, accents and width."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

PERSONS_ORDER = [
    "10 things", "Äpfel", "apple", "Apple pie", "Cafe", "café au lait", "ｄｅｌｔａ", "Éclair", "naive", "naïve plan",
    "Straße", "strasse 2", "zebra crossing", "Zoo", "ёлка", "Жук", "会議",
]  # fmt: skip
ANY_TITLE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=200)


@pytest.fixture
def titles(client):
    for title in reversed(PERSONS_ORDER):
        client.post_json("/api/task", {"title": title}, status=201)
    return PERSONS_ORDER


@pytest.fixture
def sort_key(runtime):
    def key(value: str) -> bytes:
        with runtime.engine.connect() as connection:
            return connection.scalar(text("SELECT fold_text(:value)"), {"value": value}).encode()

    return key


@pytest.mark.parametrize("direction", ["", "-"])
def test_pages_are_in_title_order(client, titles, direction):
    found = client.get(f"/api/task?ordering={direction}title&page_size=200").json["results"]

    assert [task["title"] for task in found] == (titles[::-1] if direction else titles)


@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("page_size", [1, 5])
def test_cursors_follow_the_same_order(client, titles, direction, page_size):
    found, url = [], f"/api/task?ordering={direction}title&cursor=&page_size={page_size}"
    while url:
        page = client.get(url).json
        found += [task["title"] for task in page["results"]]
        url = page["next"]

    assert found == (titles[::-1] if direction else titles)


def test_titles_that_differ_only_in_case_are_ordered_by_id(client):
    for title in ("b", "A", "a", "Á"):
        client.post_json("/api/task", {"title": title})

    found = client.get("/api/task?ordering=title").json["results"]

    assert [task["title"] for task in found] == ["A", "a", "Á", "b"]


@given(title=ANY_TITLE)
@example(title="ﷺ" * 200)
@example(title="한" * 200)
def test_the_sort_key_ignores_case_and_width_and_fits_into_an_index(sort_key, title):
    assert len(sort_key(title)) <= 800
    assert sort_key(title) == sort_key(unicodedata.normalize("NFD", title))
    ascii_title = title.encode("ascii", "ignore").decode() or "x"
    assert sort_key(ascii_title) == ascii_title.lower().encode()


def test_a_title_of_the_longest_key_can_be_written(client):
    client.post_json("/api/task", {"title": "ﷺ" * 200}, status=201)
