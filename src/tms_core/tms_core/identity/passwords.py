"""Password normalization by RFC 8265 (OpaqueString), so that different input methods give the same password."""

import unicodedata

from tms_core import error_codes as codes
from tms_core.invalid_values import InvalidValueError

MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 1000
# Unicode space separators (category Zs) other than U+0020.
SPACES = dict.fromkeys([0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")


def normalize_password(text: str) -> str:
    """Return a new password as it is hashed; raises ValueError if it is not acceptable."""
    password = opaque_string(text)
    if "\x00" in password:
        raise InvalidValueError("must not contain the character U+0000", codes.NUL_CHARACTER)
    if len(password) < MIN_PASSWORD_LENGTH:
        message = f"must have at least {MIN_PASSWORD_LENGTH} characters"
        raise InvalidValueError(message, codes.TOO_SHORT, minimum=MIN_PASSWORD_LENGTH)
    if len(password) > MAX_PASSWORD_LENGTH:
        message = f"must have at most {MAX_PASSWORD_LENGTH} characters"
        raise InvalidValueError(message, codes.TOO_LONG, maximum=MAX_PASSWORD_LENGTH)
    return password


def opaque_string(text: str) -> str:
    """Return the text in NFC, with every space separator as U+0020 (RFC 8265, section 4.2)."""
    return unicodedata.normalize("NFC", text.translate(SPACES))
