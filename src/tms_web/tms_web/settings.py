"""Settings of the web UI."""

import re

from pydantic import field_validator

from tms_core.settings import Words
from tms_core.settings_base import SettingsGroup, setting

ORIGIN = re.compile(r"https://(\*\.)?[a-z0-9.-]+(:\d{1,5})?")


class WebSettings(SettingsGroup, prefix="tms.web"):
    images: Words = setting(
        (), help="Origins, as https://images.example.com, whose images descriptions may show; empty: none."
    )

    @field_validator("images")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if all(ORIGIN.fullmatch(one) for one in value):
            return value
        # They become a part of the Content-Security-Policy.
        raise ValueError("must be origins such as https://images.example.com, in lower case and without a path")
