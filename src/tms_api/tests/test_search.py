"""Full-text search with `q`: any text is accepted, and results are ranked unless an ordering is given."""

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tms_core.models.task import TASK


@pytest.fixture
def search(client):
    """Return the titles that a search finds, in order."""

    def find(q, **words):
        answer = client.get(f"/api/task?{urlencode({'q': q, **words})}")
        return [task["title"] for task in answer.json["results"]]

    return find


@pytest.fixture
def add(client):
    def create(title, description="", **fields):
        client.post_json("/api/task", {"title": title, "description": description, **fields}, status=201)

    return create


OPERATORS = st.sampled_from(
    ["&", "|", "!", "<->", "(", ")", ":*", "'", '"', "\\", "-", "or", "OR", "%", "$1", ":x", "{}"]
)
CHARACTERS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
PHRASES = st.lists(st.one_of(OPERATORS, CHARACTERS, st.sampled_from(["red", "blue"])), max_size=8)


@settings(max_examples=90)
@given(words=PHRASES, glue=st.sampled_from(["", " "]), ordering=st.sampled_from(["", "title", "-priority,due_date"]))
def test_pages_and_cursors_give_the_same_results_for_any_text(client, words, glue, ordering):
    query = {"q": glue.join(words), "ordering": ordering}
    if not client.get("/api/task").json["count"]:
        for title in ("red", "blue", "red & blue", 'it\'s "quoted" \\ %'):
            client.post_json("/api/task", {"title": title, "description": "red"})

    answer = client.get(f"/api/task?{urlencode(query)}", expect_errors=True)
    if answer.status_int == 400:
        # Without a positive term, also by cursor.
        assert "-" in query["q"]
        client.get(f"/api/task?{urlencode(query)}&cursor=", status=400)
        return
    page = answer.json

    by_cursor = client.get(f"/api/task?{urlencode(query)}&cursor=", status=200).json
    assert sorted(task["id"] for task in by_cursor["results"]) == sorted(task["id"] for task in page["results"])
    assert page["count"] == len(page["results"])


def test_the_best_match_comes_first(add, search):
    add("once", "some words about nothing, and one invoice")
    add("Invoice", "in the title")
    add("often", "invoice, invoice and invoice")
    add("never", "nothing of the kind")
    add("once more", "some words about nothing, and an invoice")

    assert search("invoice") == ["Invoice", "often", "once more", "once"]


def test_matches_of_adjacent_words_come_first(add, search):
    add("far", "send word to everybody in the whole house about the new invoice")
    add("close", "send invoice to everybody in the whole house about the new word")

    assert search("send invoice") == ["close", "far"]
    assert search("invoice send") == ["close", "far"]


def test_equal_ranks_are_ordered_newest_first(add, search):
    for title in "abc":
        add(title, "invoice")

    assert search("invoice") == ["c", "b", "a"]


def test_pages_follow_the_ranking(add, search):
    for number in range(7):
        add(f"{number}", "invoice " * number + "bill")

    pages = [search("invoice or bill", page=page, page_size=3) for page in (1, 2, 3)]

    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]


def test_an_explicit_ordering_overrides_the_ranking(add, search):
    add("b", "invoice")
    add("c invoice", "invoice")
    add("a", "invoice")

    assert search("invoice", ordering="-id") == ["a", "c invoice", "b"]
    assert search("invoice", ordering="title") == ["a", "b", "c invoice"]
    assert search("invoice", ordering="") == ["c invoice", "a", "b"]


def test_a_cursor_reads_the_newest_first(add, search):
    add("Invoice invoice", "invoice")
    add("b", "invoice")

    assert search("invoice") == ["Invoice invoice", "b"]
    assert search("invoice", cursor="") == ["b", "Invoice invoice"]


def test_filters_apply_to_a_search(add, search):
    add("Invoice", "", status="COMPLETED")
    add("open", "an invoice")
    add("other")

    assert search("invoice", status="PENDING") == ["open"]
    assert search("invoice", status="PENDING,COMPLETED") == ["Invoice", "open"]


def test_only_visible_tasks_are_found(add, client, another_process, make_user):
    private = another_process(visibility="private")
    add("Invoice")
    reader = make_user()
    add("for the reader", "invoice", assigned_to=reader.id)

    found = private.get("/api/task?q=invoice", headers=reader.headers).json

    assert [task["title"] for task in found["results"]] == ["for the reader"]


def test_a_search_with_too_many_matches_is_not_ranked(runtime, client, add):
    add("Invoice", "invoice invoice")
    row = {"title": "T", "description": "an invoice", "created_by": client.user.id}
    with runtime.transaction() as session:
        session.execute(insert(TASK), [row] * 999)

    def first():
        return client.get("/api/task?q=invoice&page_size=1").json["results"][0]["title"]

    assert first() == "Invoice"
    add("last", "an invoice")
    assert first() == "last"
