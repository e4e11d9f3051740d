"""Full-text search with `q`: any text is accepted, and results are ranked unless an ordering is given."""

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

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
    add("title word: an invoice")
    add("title beginning: invoices, reinvoice")
    add("title part: cash-preinvoice")
    add("description", "some words about nothing, and one invoice")
    add("never", "nothing of the kind")

    assert [title.partition(":")[0] for title in search("invoice")] == [
        "title word", "title beginning", "title part", "description",
    ]  # fmt: skip


def test_tasks_with_more_words_in_the_title_come_first(add, search):
    add("send the invoice")
    add("invoices, sending")
    add("send it", "with the invoice")
    add("nothing", "send the invoice")

    expected = ["send the invoice", "invoices, sending", "send it", "nothing"]
    assert search("send invoice") == expected
    assert search("invoice send") == expected


def test_the_best_alternative_ranks_a_task(add, search):
    add("the bill")
    add("the invoices")
    add("nothing", "a bill and an invoice")

    assert search("invoice or bill") == ["the bill", "the invoices", "nothing"]


def test_equal_ranks_are_ordered_newest_first(add, search):
    for title in "abc":
        add(title, "invoice")

    assert search("invoice") == ["c", "b", "a"]


def test_pages_follow_the_ranking(add, search):
    for number in (0, 3, 4, 1, 5, 2, 6):
        add(f"{number} bill" if number > 3 else f"{number}", "bill")

    pages = [search("invoice or bill", page=page, page_size=3) for page in (1, 2, 3)]

    assert pages == [["6 bill", "5 bill", "4 bill"], ["2", "1", "3"], ["0"]]


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


class TestManyMatches:
    """More matches than are ranked by one statement, and more than are ranked at all."""

    @pytest.fixture(autouse=True)
    def _few_are_many(self, monkeypatch):
        for name, value in {"MAX_RANKED": 10, "NEWEST": 8, "MAX_INDEXED": 15}.items():
            monkeypatch.setattr(f"tms_core.services.search_ranking.{name}", value)

    @pytest.fixture
    def rows(self, runtime, client):
        titles = ["invoice", "invoices", "pre-xinvoice", "other"] * 2 + ["other"] * 30
        rows = [
            {"title": title, "description": "invoice", "created_by": client.user.id, "status": status}
            for title, status in zip(titles, ["PENDING", "COMPLETED"] * 19, strict=True)
        ]
        with runtime.transaction() as session:
            session.execute(insert(TASK), rows)
        return titles

    @pytest.mark.parametrize("page_size", [3, 10, 25, 50])
    def test_the_best_come_first_and_then_the_newest(self, client, rows, page_size):
        found, url = [], f"/api/task?q=invoice&page_size={page_size}"
        while url:
            page = client.get(url).json
            assert page["count"] == len(rows)
            found += [task["id"] for task in page["results"]]
            url = page["next"]

        assert found == [5, 1, 6, 2, 7, 3, *range(38, 7, -1), 4]

    def test_filters_apply_to_the_best(self, client, rows):
        page = client.get("/api/task?q=invoice&status=PENDING&page_size=5").json

        assert page["count"] == 19
        assert [task["id"] for task in page["results"]] == [5, 1, 7, 3, 37]

    def test_the_best_of_the_visible_tasks_come_first(self, runtime, client, another_process, make_user, rows):
        reader = make_user()
        with runtime.transaction() as session:
            session.execute(update(TASK).where(TASK.c.id % 2 == 1).values(assigned_to=reader.id))

        page = another_process(visibility="private").get("/api/task?q=invoice", headers=reader.headers).json

        assert page["count"] == 19
        assert [task["id"] for task in page["results"]][:5] == [5, 1, 7, 3, 37]


class TestWordsOfATask:
    """Which changes of a task reach the search, and which do not write to it."""

    @pytest.fixture
    def version(self, runtime):
        """Return the physical version of a task's search row."""

        def read(task_id):
            with runtime.transaction() as session:
                statement = text("SELECT xmin FROM task_search WHERE task_id = :id")
                return session.scalar(statement, {"id": task_id})

        return read

    def test_a_new_title_or_description_is_found_in_place_of_the_old(self, client, search):
        task = client.post_json("/api/task", {"title": "apple", "description": "pear"}).json
        client.patch_json(f"/api/task/{task['id']}", {"title": "cherry"})
        client.patch_json(f"/api/task/{task['id']}", {"description": "plum"})

        assert [search(q) for q in ("apple", "pear", "cherry", "plum")] == [[], [], ["cherry"], ["cherry"]]

    def test_other_changes_write_nothing(self, client, version):
        task = client.post_json("/api/task", {"title": "apple"}).json
        before = version(task["id"])

        client.patch_json(f"/api/task/{task['id']}", {"status": "COMPLETED", "due_date": "2027-01-01"}, status=200)
        assert version(task["id"]) == before
        client.patch_json(f"/api/task/{task['id']}", {"title": "pear"}, status=200)
        assert version(task["id"]) != before

    def test_a_deleted_task_is_not_found(self, client, search, version):
        task = client.post_json("/api/task", {"title": "apple"}).json
        client.delete(f"/api/task/{task['id']}", status=200)

        assert search("apple") == []
        assert version(task["id"]) is None
