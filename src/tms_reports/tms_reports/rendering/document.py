"""A report as a document: what the page of HTML and the CSV file are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its name, None if there is none; `url` is the list of what it counts, relative to the site."""

    label: str
    value: int | float | str | None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text and numbers under a header. `urls` are links of cells by row and column, relative to the site."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    urls: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BarChart:
    """Horizontal bars, one per label and number; `unit` follows the numbers. `name` is that of `?chart=`."""

    name: str
    title: str
    bars: Sequence[tuple[str, float]]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over the same labels; None leaves a gap. The first label belongs to the first value of each line.
    `name` is that of `?chart=`."""

    name: str
    title: str
    labels: Sequence[str]
    lines: Sequence[tuple[str, Sequence[float | None]]]


Chart = BarChart | LineChart


@dataclass(frozen=True, slots=True)
class Document:
    """`notes` say what the numbers are of. The first table is the one of the CSV file."""

    title: str
    notes: Sequence[str]
    tiles: Sequence[Tile]
    charts: Sequence[Chart]
    tables: Sequence[Table]
