"""Texts of a package in other languages, from its gettext catalogues: `locale/CODE/LC_MESSAGES/messages.po`.

The texts in the code are English. Catalogues are compiled in memory by Babel, which is imported with the first one.
"""

import gettext
from functools import cache
from importlib.resources import files
from io import BytesIO

SOURCE = "en"


def N_(message: str) -> str:  # noqa: N802 - the name that gettext has for it
    """Mark a text for translation, which happens when the language is known."""
    return message


@cache
def translations(package: str, code: str) -> gettext.NullTranslations:
    """Return the catalogue of a package for a language, which must exist unless the language is English."""
    if code == SOURCE:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (files(package) / "locale" / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
