"""Text from users made safe to show in a header, a line of a mail or a terminal."""

import unicodedata

# They reorder what stands around them: a title could make a subject read backwards.
DIRECTION_MARKS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
ESCAPED = {"Cc", "Cs", "Zl", "Zp"}
BREAKING = {"Cc", "Cs", "Zl", "Zp", "Zs"}


def one_line(value: str) -> str:
    """The text in one line: each run of spaces, line breaks and control characters is one space."""
    spaced = "".join(" " if unicodedata.category(character) in BREAKING else character for character in value)
    return " ".join(spaced.translate(DIRECTION_MARKS).split())


def several_lines(value: str) -> str:
    """The text with its line breaks, and without other control characters."""
    return "\n".join(
        "".join(" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in line).rstrip()
        for line in value.translate(DIRECTION_MARKS).splitlines()
    )


def escaped(value: str, but: str = "") -> str:
    r"""The text with each control character or direction mark written out, as \x1b, except those in `but`."""
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
