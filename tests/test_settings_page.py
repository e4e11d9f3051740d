from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_the_settings_page_is_up_to_date(docs_script):
    assert (DOCS / "settings.md").read_text() == docs_script("make_settings").page(), "run: make docs"
