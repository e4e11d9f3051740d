import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_the_settings_page_is_up_to_date():
    spec = importlib.util.spec_from_file_location("make_settings", DOCS / "make_settings.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert (DOCS / "settings.md").read_text() == module.page(), "run: make docs"
