"""A document as tables with bars for the terminal."""

from collections.abc import Iterator, Sequence
from itertools import chain

from rich.bar import Bar
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table as TextTable
from rich.text import Text

from tms_reports.rendering.charts import number_text
from tms_reports.rendering.document import BarChart, Chart, Document, LineChart, Table, Tile
from tms_reports.rendering.html import cell, is_number

BAR_WIDTH = 12
COLOR = "cyan"


def text_of(document: Document) -> Group:
    """Return the numbers, charts and tables; without tables where charts have lines, which show the same rows."""
    has_lines = any(isinstance(chart, LineChart) for chart in document.charts)
    parts: list[RenderableType] = [_tiles(document.title, document.tiles), Columns(map(_chart, document.charts))]
    if not has_lines:
        parts += map(_table, document.tables)
    return Group(*parts, *(Text(note, style="dim") for note in document.notes))


def bar_table(
    title: str, numbers: Sequence[tuple[str, float]], *, most: float | None = None, unit: str = ""
) -> TextTable:
    """Return a table with a bar for each number; the longest bar is `most` (default: the largest number)."""
    most = max(most or max((number for _, number in numbers), default=0), 1)
    table = TextTable(title=title, show_header=False, title_justify="left")
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    table.add_column(width=BAR_WIDTH)
    for name, number in numbers:
        # Text, not markup: a user name may contain brackets.
        table.add_row(Text(name), number_text(number) + unit, _bar(most, number))
    return table


def _bar(most: float, number: float) -> Bar:
    return Bar(most, 0, number, width=BAR_WIDTH, color=COLOR)


def _tiles(title: str, tiles: Sequence[Tile]) -> TextTable:
    table = TextTable(title=title, show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for tile in tiles:
        table.add_row(tile.label, cell(tile.value))
    return table


def _chart(chart: Chart) -> TextTable:
    if isinstance(chart, BarChart):
        return bar_table(chart.title, chart.bars, unit=chart.unit)
    most = max((value for value in chain(*(line for _, line in chart.lines)) if value is not None), default=0) or 1
    table = TextTable("", title=chart.title, title_justify="left")
    for name, _ in chart.lines:
        table.add_column(name, justify="right")
        table.add_column(width=BAR_WIDTH)
    for index, label in enumerate(chart.labels):
        table.add_row(label, *_points(chart, index, most))
    return table


def _points(chart: LineChart, index: int, most: float) -> Iterator[RenderableType]:
    for _, line in chart.lines:
        value = line[index]
        yield from ("", "") if value is None else (number_text(value), _bar(most, value))


def _table(table: Table) -> TextTable:
    found = TextTable(title=table.title, title_justify="left")
    first = table.rows[0] if table.rows else [""] * len(table.header)
    for name, value in zip(table.header, first, strict=True):
        found.add_column(name, justify="right" if is_number(value) else "left", overflow="fold")
    for row in table.rows:
        found.add_row(*(Text(cell(value)) for value in row))
    return found
