"""CSV that spreadsheets show and do not execute.

Spreadsheets take a cell that begins with certain characters for a formula, which may read other cells or call out.
Text that does gets an apostrophe in front, as OWASP advises («CSV Injection»).
"""

import csv
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

# The last four are the full-width forms, which some spreadsheets take for the same.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_csv(stream: TextIO, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a header and rows, each cell made safe."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([safe_cell(value) for value in row] for row in rows)


def safe_cell(value: Any) -> Any:
    """The value, with an apostrophe in front where a spreadsheet would take it for a formula; numbers stay.

    Every line break becomes a line feed: the csv module quotes no other, and readers would end the row there.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if value.startswith(FORMULA_STARTS) else text
