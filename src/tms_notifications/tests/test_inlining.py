"""CSS in HTML templates: inlined once when a template is loaded, with the Jinja tags where they were."""

from jinja2 import DictLoader, Environment

from tms_notifications.inlining import with_inlined_css
from tms_notifications.templating import InlineCss

CSS = ".red { color: red; } .wide { width: 9px; }"


def render(source: str, **variables) -> str:
    loader = DictLoader({"style.css": CSS, "mail.html": source})
    return (
        Environment(loader=loader, extensions=[InlineCss], autoescape=True).get_template("mail.html").render(variables)
    )


def test_classes_become_style_attributes():
    assert with_inlined_css('<p class="red wide">x</p>', CSS, "") == (
        '<p class="red wide" style="color:red;width:9px">x</p>'
    )


def test_an_elements_own_style_wins():
    assert 'style="width:9px;color:blue"' in with_inlined_css('<p class="red wide" style="color: blue">x</p>', CSS, "")


def test_loops_and_conditions_between_rows_stay_there():
    source = (
        '<table>{% for row in rows %}{% if row %}<tr><td class="red">{{ row }}</td></tr>{% endif %}{% endfor %}</table>'
    )

    assert render(source, rows=["a", "", "<b>"]) == (
        '<table><tr><td class="red" style="color:red">a</td></tr>'
        '<tr><td class="red" style="color:red">&lt;b&gt;</td></tr></table>'
    )


def test_jinja_in_attributes_and_comments_is_kept():
    source = '<a href="{{ url }}" {% if x > 1 %}id="y"{% endif %}>k</a><!-- {{ url }} {% if x %}<p>{% endif %} -->'

    assert render(source, url="u?a=1&b", x=2) == '<a href="u?a=1&amp;b" id="y" >k</a><!-- u?a=1&amp;b <p> -->'


def test_a_whole_page_keeps_its_style_element():
    source = '{# x #}<!doctype html><html lang="{{ l }}"><head><style>@media print { .red { color: {{ c }}; } }</style>'
    source += '</head><body class="red">{% block a %}{% endblock %}</body></html>'

    page = render(source, l="de", c="blue")

    assert "<style>@media print { .red { color: blue; } }</style>" in page
    assert '<html lang="de">' in page
    assert '<body class="red" style="color:red"></body>' in page


def test_a_template_that_cannot_be_parsed_is_left_as_it_is(caplog):
    # HTML drops the second of two equal attributes.
    source = '<p class="red" title="a" title="{{ x }}">y</p>'

    assert with_inlined_css(source, CSS, "mail.html") == source
    assert "mail.html" in caplog.text
