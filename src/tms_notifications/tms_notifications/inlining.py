"""Inlines CSS into Jinja templates, once when a template is loaded: many mail programs ignore style sheets.

css-inline parses HTML, so the Jinja tags of a template are replaced by placeholders that HTML permits at their place,
and put back afterwards.
"""

import logging
import re
from collections.abc import Iterator

import css_inline

log = logging.getLogger(__name__)
PIECE = re.compile(
    r"(?P<jinja>\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})"
    r"|(?P<raw><!--.*?-->|<style\b.*?</style\s*>)"
    r"|(?P<open><[a-zA-Z/!])"
    r"|(?P<close>>)",
    re.DOTALL | re.IGNORECASE,
)
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
PLACEHOLDER = re.compile(r'<!--jinja(\d+)x-->|jinja(\d+)x(?:="")?')
STYLE = re.compile(r"<style\b.*?</style", re.IGNORECASE | re.DOTALL)
TBODY = re.compile("</?tbody>")
WHOLE_PAGE = re.compile(r"<(?:!doctype|html)\b", re.IGNORECASE)


def with_inlined_css(source: str, css: str, name: str) -> str:
    """Return the HTML template `source` with `css` in style attributes.

    Rules apply to elements of the same file, and to the classes that are written in it without Jinja. Style elements
    stay as they are. A template whose tags cannot be put back is returned unchanged; `name` is for the log.
    """
    tags: list[str] = []
    masked = "".join(_masked(source, tags))
    is_page = WHOLE_PAGE.search(source) is not None
    inlined = _inliner(css).inline(masked) if is_page else _inliner(None).inline_fragment(masked, css)
    if sorted(_numbers(inlined)) != list(range(len(tags))):
        log.warning("CSS is not inlined into the template %s: it has Jinja tags where HTML permits no text", name)
        return source
    if "<tbody" not in source:
        # The parser adds it after the placeholder of a loop, which would repeat it.
        inlined = TBODY.sub("", inlined)
    if all(style.isascii() for style in STYLE.findall(inlined)):
        # Mails in ASCII need no transfer encoding. In style elements, character references have no meaning.
        inlined = inlined.encode("ascii", "xmlcharrefreplace").decode()
    return PLACEHOLDER.sub(lambda match: tags[_number(match)], inlined)


def _inliner(css: str | None) -> css_inline.CSSInliner:
    return css_inline.CSSInliner(
        inline_style_tags=False, keep_style_tags=True, minify_css=True, load_remote_stylesheets=False, extra_css=css
    )


def _masked(source: str, tags: list[str]) -> Iterator[str]:
    """Yield the template with a placeholder for each Jinja tag, and add the tags to `tags`."""
    position, is_in_tag = 0, False
    for match in PIECE.finditer(source):
        yield source[position : match.start()]
        position = match.end()
        piece = match[0]
        match match.lastgroup:
            case "jinja":
                # Statements may stand between the rows of a table, where HTML permits comments but no text.
                is_comment = not is_in_tag and not piece.startswith("{{")
                word = f"jinja{len(tags)}x"
                tags.append(piece)
                yield f"<!--{word}-->" if is_comment else word
            case "raw":
                yield JINJA.sub(lambda inner: _mask(inner[0], tags), piece)
            case group:
                is_in_tag = group == "open"
                yield piece
    yield source[position:]


def _mask(tag: str, tags: list[str]) -> str:
    tags.append(tag)
    return f"jinja{len(tags) - 1}x"


def _numbers(text: str) -> Iterator[int]:
    return map(_number, PLACEHOLDER.finditer(text))


def _number(match: re.Match[str]) -> int:
    return int(match[1] or match[2])
