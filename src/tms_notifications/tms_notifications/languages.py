"""The languages of mails: texts from gettext catalogues (`locale/`), dates in the forms of the language.

Imports Babel, so only processes that compose mails should import this module.
"""

import gettext
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_skeleton

from tms_core.catalogues import SOURCE, translations
from tms_notifications.models import LANGUAGES

# British, because it writes "31 March 2026".
LOCALES = {"en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Language:
    """Translates texts of the code, and formats dates."""

    code: str
    locale: Locale
    translations: gettext.NullTranslations

    def text(self, message: str) -> str:
        return self.translations.gettext(message)

    def plural(self, messages: tuple[str, str], count: int) -> str:
        """Return the translation of the singular or the plural, whichever the language has for this count."""
        return self.translations.ngettext(*messages, count)

    def day(self, value: date) -> str:
        """Return a date as in "Tue, 31 March 2026"."""
        return _day(value, self.locale)


@cache
def language(code: str) -> Language:
    """Return one of `LANGUAGES`; English for any other code."""
    code = code if code in LANGUAGES else SOURCE
    return Language(code, Locale.parse(LOCALES.get(code, code)), translations("tms_notifications", code))


@lru_cache(maxsize=2000)
def _day(value: date, locale: Locale) -> str:
    return format_skeleton("yMMMMEd", value, locale=locale)
