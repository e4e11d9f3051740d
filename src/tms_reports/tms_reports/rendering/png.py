"""A chart as a PNG image, by resvg (https://github.com/linebender/resvg).

Latin text has the font of the package, so that images are the same on every machine. Text in other scripts has the
fonts of the system, where there are some.
"""

import re
from importlib.resources import files

import resvg_py
from markupsafe import Markup

from tms_reports.rendering.charts import WIDTH, drawing_of
from tms_reports.rendering.document import Chart
from tms_reports.rendering.html import FOLDER

FONT = files("tms_reports") / "fonts" / "Vera.ttf"
FAMILY = "Bitstream Vera Sans"
# Pixels per unit of the drawing, which makes images 832 pixels wide.
ZOOM = 2
MARGIN, TITLE_HEIGHT = 8, 26
BEYOND_FONT = re.compile("[^\x00-\xff–…]")
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def png_of(chart: Chart) -> bytes:
    """Return the image of a chart under its title, on white."""
    drawing = NOT_IN_XML.sub("", _titled(chart))
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=drawing,
            style_sheet=(FOLDER / "charts.css").read_text(),
            background="white",
            zoom=ZOOM,
            font_files=[str(FONT)],
            font_family=FAMILY,
            sans_serif_family=FAMILY,
            # To read them takes long where there are many.
            skip_system_fonts=not BEYOND_FONT.search(drawing),
        )
    )


def _titled(chart: Chart) -> Markup:
    body, height = drawing_of(chart)
    width, height = WIDTH + 2 * MARGIN, height + TITLE_HEIGHT + 2 * MARGIN
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}">'
        '<text x="{x}" y="{y}" font-size="14" font-weight="bold">{title}</text>'
        '<g transform="translate({x} {top})">{body}</g></svg>'
    ).format(
        w=width, h=height, x=MARGIN, y=MARGIN + 14, title=chart.title, top=MARGIN + TITLE_HEIGHT, body=body
    )  # fmt: skip
