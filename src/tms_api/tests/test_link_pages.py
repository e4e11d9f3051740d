"""The language of the pages that mailed links open."""

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

import tms_api
from tms_api import link_page_errors, link_pages
from tms_api.link_page_errors import ERROR_TEXTS
from tms_api.link_pages import LANGUAGES
from tms_core.catalogues import SOURCE

PAGE = "/api/password-reset/confirm"
FOLDER = Path(tms_api.__file__).parent / "locale"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("de-AT,de;q=0.9,en;q=0.5", "de"), ("fr,de;q=0.2", "de"), ("fr", "en"), (";;;", "en"), (None, "en")],
)
def test_a_page_is_in_the_language_of_the_browser(app, wanted, language):
    headers = {"Accept-Language": wanted} if wanted else {}

    page = app.get(PAGE, headers=headers)

    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in page.text
    assert ("Neues Passwort" in page.text) == (language == "de")
    assert ("New password" in page.text) == (language == "en")
    assert ("Dieser Link wurde schon benutzt" in page.text) == (language == "de")


def test_every_text_of_the_pages_has_a_translation():
    files = (link_pages.__file__, link_page_errors.__file__)
    texts = {found[1] for file in files for found in extract_from_file("python", file, keywords={"N_": None})}
    for code in set(LANGUAGES) - {SOURCE}:
        with (FOLDER / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
            translated = {message.id for message in read_po(file, locale=code) if message.id and message.string}

        assert translated == texts


def test_texts_of_errors_name_only_parameters_of_their_codes():
    for code, text in ERROR_TEXTS.items():
        assert text.format(**dict.fromkeys(code.params, "")) != ""
