"""Writes the table of error codes in docs/api.md from their definitions: `make docs`. A test compares the two."""

from collections.abc import Iterable
from pathlib import Path

from tms_core.app import configure, read_ini
from tms_core.error_codes import ErrorCode

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "api.md"
BEGIN, END = "<!-- error codes -->\n", "<!-- end of error codes -->"


def page() -> str:
    """docs/api.md with the codes of all packages of this repository."""
    known = registered()
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    of_documents = [code for code in known if code.status]
    of_fields = [code for code in known if code.is_shared or not code.status]
    return "".join([
        before, BEGIN, "\n| `code` of the document | status | `params` | meaning |\n|---|---|---|---|\n",
        *(_row(code, f"{code.status} | ") for code in sorted(of_documents, key=lambda code: code.status or 0)),
        "\n| `code` of an error | `params` | meaning |\n|---|---|---|\n", *map(_row, of_fields), "\n", END, after,
    ])  # fmt: skip


def registered() -> Iterable[ErrorCode]:
    """The codes of all packages of this repository."""
    runtime = configure(read_ini(str(ROOT / "development.ini")), web=False).registry.tms
    return runtime.registry.error_codes.values()


def _row(code: ErrorCode, status: str = "") -> str:
    params = ", ".join(f"`{name}`" for name in code.params)
    return f"| `{code.name}` | {status}{params} | {code.meaning} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
