"""The first table of a document as a CSV file that spreadsheets open as it is meant."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from tms_core.csv_safety import safe_cell
from tms_reports.rendering.document import Document

# Without it, Excel reads UTF-8 as the encoding of its country.
BYTE_ORDER_MARK = "\ufeff".encode()
ROWS_PER_CHUNK = 1_000


def csv_chunks(document: Document) -> Iterator[bytes]:
    """Yield the file in pieces: UTF-8 with a byte order mark, commas, and no cell that is read as a formula."""
    table = document.tables[0]
    yield BYTE_ORDER_MARK + _text([table.header])
    for start in range(0, len(table.rows), ROWS_PER_CHUNK):
        yield _text(table.rows[start : start + ROWS_PER_CHUNK])


def _text(rows: Sequence[Sequence[Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return stream.getvalue().encode()
