"""Redaction of secrets in request targets, for logging, and in the values of settings."""

import re
from urllib.parse import unquote_plus

HIDDEN = "[redacted]"
# Substrings of the names of query parameters whose values are secrets.
SECRET_NAME = re.compile(
    r"token|ticket|access|refresh|passw|pwd|secret|key|code|signature|auth|jwt|bearer|credential|session|otp",
    re.IGNORECASE,
)
SHAPES = r"eyJ[\w-]*\.[\w.-]*|tms_[\w-]{16,}"
SECRET_VALUE = re.compile(SHAPES, re.ASCII)
# Also path segments of 40 and more token characters; a UUID has 36.
SECRET_SEGMENT = re.compile(rf"{SHAPES}|(?<![^/])[\w.~-]{{40,}}(?![^/])", re.ASCII)
# The password of a URL. It may contain @ and /, which should be encoded.
URL_PASSWORD = re.compile(r"(?<=://)([^\s:/?#@]*):\S*(?=@)")
URL_PARAMETER = re.compile(r"(?<=[?&])([^\s=&#]+)=[^\s&#]*")


def redact(target: str) -> str:
    """Return a path, with or without a query, with secret parameters and anything that looks like a token replaced."""
    path, mark, query = target.partition("?")
    path = SECRET_SEGMENT.sub(HIDDEN, path)
    return f"{path}?{_redacted_query(query)}" if mark else path


def _redacted_query(query: str) -> str:
    if "%" in query or SECRET_NAME.search(query):
        query = "&".join(map(_redacted_pair, query.split("&")))
    return SECRET_VALUE.sub(HIDDEN, query)


def _redacted_pair(pair: str) -> str:
    name, mark, _value = pair.partition("=")
    return f"{name}={HIDDEN}" if mark and SECRET_NAME.search(unquote_plus(name)) else pair


def redact_urls(text: str) -> str:
    """Return a text with the passwords and the secret parameters of its URLs replaced."""
    return URL_PARAMETER.sub(_redacted_parameter, URL_PASSWORD.sub(rf"\1:{HIDDEN}", text))


def _redacted_parameter(parameter: re.Match[str]) -> str:
    return f"{parameter[1]}={HIDDEN}" if SECRET_NAME.search(unquote_plus(parameter[1])) else parameter[0]
