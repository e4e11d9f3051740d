"""CSV output that is safe from formula injection.

Spreadsheets execute a cell that begins with certain characters as a formula, which may read other cells or send
requests. Such text is prefixed with an apostrophe, as OWASP recommends («CSV Injection»).
"""

import csv
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

# The last four are full-width forms, which some spreadsheets treat alike.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_csv(stream: TextIO, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a header and rows, with every cell escaped by `safe_cell`."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([safe_cell(value) for value in row] for row in rows)


def safe_cell(value: Any) -> Any:
    """Return the value, prefixed with an apostrophe if a spreadsheet would execute it; numbers are unchanged.

    Every line break becomes a line feed: the csv module does not quote others, and readers would end the row there.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if value.startswith(FORMULA_STARTS) else text
