"""Reports as CSV, HTML and images, over the real application and from results made up here."""

import base64
import csv
import hashlib
import io
import re
import struct
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from tms_reports.rendering.charts import nice_maximum, svg_of
from tms_reports.rendering.csv import csv_chunks
from tms_reports.rendering.document import BarChart, Document, LineChart, Table
from tms_reports.rendering.documents import CHARTS, MAX_PAGE_ROWS
from tms_reports.rendering.html import html_of
from tms_reports.rendering.png import png_of

PATH = "/api/task-report-insight"
NAMES = ("", "trend", "burndown", "cycle-time", "workload", "aging")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports")


@pytest.fixture
def some_tasks(client, make_user, relay_once):
    bob = make_user("=cmd|bob", first_name="B")
    client.post_json("/api/task", {"title": "<b>One</b> & two", "assigned_to": bob.id, "due_date": "2025-01-01"})
    client.post_json("/api/task", {"title": "Three", "priority": "HIGH"})
    client.patch_json("/api/task/2", {"status": "COMPLETED"})
    relay_once()
    return bob


def cells(response):
    """The rows of a CSV response."""
    text = response.body.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", NAMES)
def test_csv_has_a_header_and_rows_of_its_length(client, some_tasks, name):
    response = client.get(f"{PATH}/{name}?format=csv")

    header, *rows = cells(response)
    assert response.content_type == "text/csv"
    assert response.body.startswith(b"\xef\xbb\xbf")
    assert re.fullmatch(r'attachment; filename="[\w-]+\.csv"', response.headers["Content-Disposition"])
    assert rows
    assert {len(row) for row in rows} == {len(header)}


def test_names_in_csv_are_no_formulas_and_numbers_stay_numbers(client, some_tasks):
    assert ["'=cmd|bob", "1", "1", "0", "0", "1", "0", "0"] in cells(client.get(f"{PATH}/workload?format=csv"))
    assert ["tasks_assigned", "'=cmd|bob", "1"] in cells(client.get(f"{PATH}?format=csv"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_empty", [True, False], ids=["empty", "tasks"])
def test_html_is_one_page_whose_policy_allows_its_style_only(client, request, name, is_empty):
    if not is_empty:
        request.getfixturevalue("some_tasks")
    response = client.get(f"{PATH}/{name}?format=html")

    text = response.text
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert response.headers["Content-Security-Policy"].startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert not re.search(r"<script|\son\w+=|style=|src=|<link|@import|url\(", text)
    assert '<meta name="viewport"' in text
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        assert ElementTree.fromstring(svg).get("role") == "img"


def test_text_of_users_is_escaped_in_html(client, some_tasks):
    page = client.get(f"{PATH}/aging?format=html").text

    assert "<b>One</b>" not in page
    assert "&lt;b&gt;One&lt;/b&gt; &amp; two" in page


def test_unknown_formats_are_rejected_with_the_choices(client):
    for name in NAMES:
        error = client.get(f"{PATH}/{name}?format=xlsx", status=400).json["errors"][0]
        assert (error["field"], error["params"]["choices"]) == ("format", "json, csv, html, png")


def test_json_is_the_default(client):
    assert client.get(f"{PATH}/trend?format=json").json["days"]
    assert client.get(f"{PATH}?format=json").json["total"] == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_empty", [True, False], ids=["empty", "tasks"])
def test_each_chart_is_an_image(client, request, name, is_empty):
    if not is_empty:
        request.getfixturevalue("some_tasks")
    default = client.get(f"{PATH}/{name}?format=png")

    images = [client.get(f"{PATH}/{name}?format=png&chart={chart}").body for chart in CHARTS[name or "insight"]]
    error = client.get(f"{PATH}/{name}?format=png&chart=pie", status=400).json["errors"][0]

    assert default.content_type == "image/png"
    assert re.fullmatch(r'inline; filename="[\w-]+\.png"', default.headers["Content-Disposition"])
    assert all(size_of(image)[0] == 832 for image in images)
    assert images[0] == default.body
    assert (error["field"], error["params"]["choices"]) == ("chart", ", ".join(CHARTS[name or "insight"]))


def size_of(image):
    """Width and height of a PNG file."""
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", image[16:24])


def test_images_have_text_of_any_script_and_no_markup_of_users():
    empty = png_of(BarChart("name", "t", [("", 1)]))

    for label in ("zoé", "Жанна", "<b>&\x01\ufffe", "x" * 99):
        image = png_of(BarChart("name", "t", [(label, 1)]))
        assert size_of(image) == size_of(empty)
        assert image != empty


def document(rows):
    return Document("Title", (), (), (), [Table("Rows", ("name", "number"), rows)])


def test_long_csv_comes_in_pieces():
    pieces = list(csv_chunks(document([["ann", number] for number in range(2_500)])))

    assert len(pieces) == 4
    assert b"".join(pieces).count(b"\n") == 2_501


def test_a_long_page_says_what_it_leaves_out():
    page = html_of(document([["ann", 1_234.5]] * (MAX_PAGE_ROWS + 3))).decode()

    assert page.count("<td>ann</td>") == MAX_PAGE_ROWS
    assert '<td class="number">1,234.50</td>' in page
    assert "3 more rows are in the CSV file." in page


def test_lines_are_drawn_in_the_plot_and_end_where_numbers_end():
    chart = LineChart("open", "Open & closed", ["a", "b", "c"], [("Open", [8, 0, None]), ("One", [None, 4, None])])

    svg = ElementTree.fromstring(svg_of(chart))

    points = [line.get("points") for line in svg.iter(f"{SVG}polyline")]
    assert points == ["46.0,30.0 217.0,200.0", "217.0,115.0"]
    assert len(list(svg.iter(f"{SVG}circle"))) == 1
    assert svg.get("aria-label") == "Open & closed"


@pytest.mark.parametrize("bars", [[], [("x" * 99, 0)], [("a", 1), ("<b>", 10_000_000)]])
def test_bars_fit_the_width(bars):
    svg = ElementTree.fromstring(svg_of(BarChart("name", "t", bars)))

    assert all(float(one.get("x")) + float(one.get("width")) <= 400 for one in svg.iter(f"{SVG}rect"))


@pytest.mark.parametrize(("largest", "top"), [(0, 4), (4, 4), (5, 8), (9, 10), (11, 20), (100, 100), (4_500, 8_000)])
def test_axes_end_at_round_numbers(largest, top):
    assert nice_maximum(largest) == top


def test_documents_can_be_made_from_parsed_json():
    from tms_reports.rendering.documents import document_of

    result = {
        "from": "2025-01-01", "to": date(2025, 1, 1), "open_at_start": None, "days": [], "ideal": [],
        "generated_at": "2025-01-01T00:00:00Z", "as_of_event": 0, "time_zone": "UTC",
    }  # fmt: skip

    for at in ("2025-01-01T00:00:00Z", datetime(2025, 1, 1, tzinfo=UTC)):
        assert document_of("burndown", {**result, "generated_at": at}).notes[0].startswith("As of 2025-01-01 00:00:00")
