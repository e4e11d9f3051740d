"""The terminal output of `tms user list`."""

import pytest


@pytest.fixture(scope="module")
def packages():
    return ()


def test_names_and_addresses_are_shown_without_markup_and_escapes(make_user, tms):
    make_user("[red]ann[/red]", email="\x1b[2J\u202e[b]=?x@x.y")

    shown = tms("user", "list").output

    assert "[red]ann[/red]" in shown
    assert "[b]=?x@x.y" in shown
    assert not {"\x1b", "\u202e"} & set(shown)
