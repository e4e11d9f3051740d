"""Sanitizing of text from users and of error messages, for headers, mails, terminals and logs."""

import unicodedata

# Bidirectional controls, which reorder the text around them: a title could reverse a mail's subject.
DIRECTION_MARKS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
ESCAPED = {"Cc", "Cs", "Zl", "Zp"}
BREAKING = {"Cc", "Cs", "Zl", "Zp", "Zs"}


def one_line(value: str) -> str:
    """Return the text in one line, with each run of spaces, line breaks and control characters as one space."""
    if value.isprintable():
        # No other character than U+0020 is a space, and none reorders the text.
        return " ".join(value.split())
    spaced = "".join(" " if unicodedata.category(character) in BREAKING else character for character in value)
    return " ".join(spaced.translate(DIRECTION_MARKS).split())


def several_lines(value: str) -> str:
    """Return the text without control characters, except line breaks."""
    return "\n".join(
        (line if line.isprintable() else _without_control_characters(line)).rstrip()
        for line in value.translate(DIRECTION_MARKS).splitlines()
    )


def _without_control_characters(line: str) -> str:
    return "".join(" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in line)


def escaped(value: str, but: str = "") -> str:
    r"""Return the text with each control character or direction mark escaped, as in \x1b, except those in `but`."""
    if value.isprintable():
        return value
    return "".join(
        character
        if character in but or not (ord(character) in DIRECTION_MARKS or unicodedata.category(character) in ESCAPED)
        else character.encode("unicode_escape").decode()
        for character in value
    )


def shortened(value: str, length: int) -> str:
    return value if len(value) <= length else value[: length - 1].rstrip() + "…"


def error_line(error: BaseException) -> str:
    """Return the first line of an error's message, of the driver's for an error of SQLAlchemy: that has neither the
    statement nor its parameters. The name of the class if there is no message."""
    cause = getattr(error, "orig", None) or error
    return one_line(next(iter(str(cause).strip().splitlines()), "")) or type(error).__name__
