"""Languages of mails: every text has a translation, and catalogues have no others."""

import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import tms_notifications
from tms_core.models import Priority, Status
from tms_notifications.languages import language
from tms_notifications.models import LANGUAGES, MailKind
from tms_notifications.wording import BY_OTHERS, BY_RECIPIENT, LABELS, PRIORITY, VALUES, sentence

PACKAGE = Path(tms_notifications.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
KEYWORDS = {"_": None, "ngettext": (1, 2), "N_": None, "P_": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
TRANSLATIONS = [code for code in LANGUAGES if code != "en"]


def extracted() -> set[tuple[str, ...]]:
    """Return the texts of the package: (singular,) or (singular, plural)."""
    found = extract_from_dir(PACKAGE, METHODS, {}, KEYWORDS)
    return {(message,) if isinstance(message, str) else tuple(message) for _, _, message, _, _ in found}


@pytest.fixture(scope="module", params=TRANSLATIONS)
def catalogue(request):
    with (PACKAGE / "locale" / request.param / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=request.param)


def forms(value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def test_every_text_has_a_translation_and_no_other_has(catalogue):
    translated = {forms(message.id) for message in catalogue if message.id and all(forms(message.string))}

    assert extracted() == translated
    assert not [message.id for message in catalogue if message.fuzzy and message.id]


def test_translations_have_the_placeholders_of_the_text(catalogue):
    for message in catalogue:
        if message.id:
            allowed = {one for form in forms(message.id) for one in PLACEHOLDER.findall(form)}
            for position, form in enumerate(forms(message.string)):
                wanted = set(PLACEHOLDER.findall(forms(message.id)[min(position, len(forms(message.id)) - 1)]))
                # "1 task" may be written as "a task".
                assert wanted - {"%(num)d"} <= set(PLACEHOLDER.findall(form)) <= allowed, message.id


def test_every_value_and_field_has_words():
    assert {*Status, *Priority} <= VALUES.keys()
    assert set(Priority) == PRIORITY.keys()
    assert BY_OTHERS.keys() == BY_RECIPIENT.keys()
    assert "assigned_to" in LABELS


def test_dates_have_the_form_of_the_language():
    day = date(2027, 3, 1)

    assert language("en").day(day) == "Mon, 1 March 2027"
    assert language("de").day(day) == "Mo., 1. März 2027"


def test_an_unknown_language_is_english():
    assert language("xx").code == "en"
    assert language("xx").text("Due") == "Due"


@pytest.mark.parametrize(
    ("actors", "expected"),
    [
        (["ann"], "ann hat eine Aufgabe geändert"),
        (["Sie", "ann"], "Sie und ann haben eine Aufgabe geändert"),
        (None, "Sie haben eine Aufgabe geändert"),
    ],
)
def test_the_verb_agrees_with_the_number_of_actors(actors, expected):
    assert sentence(MailKind.UPDATED, actors, language("de")).startswith(expected)
