"""The content of logs."""

import logging
from io import StringIO

import pytest
import structlog

from tms_core.logs import configure_logs


@pytest.fixture(params=["text", "json"])
def logged(request):
    """Return everything logged so far, in either format."""
    root, stream = logging.getLogger(), StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logs(request.param, "test")
    root.handlers[0].setStream(stream)
    yield stream.getvalue
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.contextvars.unbind_contextvars("process")


def test_a_traceback_has_locations_but_no_values(logged):
    try:
        password = "hunter" + "2"
        raise RuntimeError(f"a password of {len(password)} letters is too short")
    except RuntimeError:
        logging.getLogger("test").exception("something failed")

    assert "something failed" in logged()
    assert "RuntimeError: a password of 7 letters is too short" in logged()
    assert "test_logs.py" in logged()
    assert "hunter2" not in logged()


@pytest.mark.parametrize("text", ["one\ntwo", "one\r\ntwo", "\x1b[2J", "\x00", "\x9b31m", "a\u2028b", "\u202egnp.exe"])
def test_control_characters_in_values_are_escaped(logged, text):
    logging.getLogger("test").warning("refused: %s", text)

    (line,) = logged().splitlines()
    assert line.isprintable()


def test_control_characters_in_errors_are_escaped(logged):
    try:
        raise RuntimeError("\x1b[2J\x9b\u202e")
    except RuntimeError:
        logging.getLogger("test").exception("failed")

    assert all(line.isprintable() for line in logged().splitlines())
    assert "RuntimeError: " in logged()
