"""Charts as SVG. Their colours are those of the classes in `templates/charts.css`."""

from collections.abc import Iterator, Sequence
from math import floor, log10

from markupsafe import Markup, escape

from tms_reports.rendering.document import BarChart, Chart, LineChart

# Narrow, so that the text is readable on a phone; wider screens enlarge it.
WIDTH = 400
BAR_HEIGHT, BAR_GAP, LABEL_WIDTH, NUMBER_WIDTH = 18, 7, 125, 75
PLOT_HEIGHT, TOP, BOTTOM, LEFT, RIGHT = 170, 30, 26, 46, 12
MAX_LABEL_LENGTH = 17
GRID_LINES = 4
DATE_LABELS = 4


def svg_of(chart: Chart) -> Markup:
    """Return the chart as an SVG element, `WIDTH` wide, that names itself to screen readers."""
    body, height = drawing_of(chart)
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        'aria-label="{title}">'
    ).format(w=WIDTH, h=height, title=chart.title)
    return head + body + Markup("</svg>")


def drawing_of(chart: Chart) -> tuple[Markup, int]:
    """Return the elements of the chart and its height; it is `WIDTH` wide."""
    found, height = _bars(chart) if isinstance(chart, BarChart) else _lines(chart)
    return Markup("").join(found), height


def number_text(value: float) -> str:
    """Return a number with thousands separated, and decimals only if it has some."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _bars(chart: BarChart) -> tuple[list[Markup], int]:
    if not chart.bars:
        return [_label(0, BAR_HEIGHT * 0.72, "Nothing to show.", "start")], BAR_HEIGHT + BAR_GAP
    largest = max(number for _, number in chart.bars) or 1
    room = WIDTH - LABEL_WIDTH - NUMBER_WIDTH
    found = []
    for index, (label, number) in enumerate(chart.bars):
        top = index * (BAR_HEIGHT + BAR_GAP)
        width = round(room * number / largest, 1)
        middle = top + BAR_HEIGHT * 0.72
        found += [
            _label(LABEL_WIDTH - 8, middle, _short(label), "end", title=label),
            Markup('<rect class="s0" x="{}" y="{}" width="{}" height="{}" rx="2"/>').format(
                LABEL_WIDTH, top, width, BAR_HEIGHT
            ),
            _label(LABEL_WIDTH + width + 6, middle, number_text(number) + chart.unit, "start"),
        ]
    return found, len(chart.bars) * (BAR_HEIGHT + BAR_GAP)


def _lines(chart: LineChart) -> tuple[list[Markup], int]:
    values = [value for _, line in chart.lines for value in line if value is not None]
    top = nice_maximum(max(values, default=0))
    room = WIDTH - LEFT - RIGHT
    step = room / max(1, len(chart.labels) - 1)

    def place(index: int, value: float) -> str:
        return f"{LEFT + index * step:.1f},{TOP + PLOT_HEIGHT * (1 - value / top):.1f}"

    found = [*_grid(top), *_dates(chart.labels, step), *_legend(chart)]
    for number, (_, line) in enumerate(chart.lines):
        points = [place(index, value) for index, value in enumerate(line) if value is not None]
        if len(points) == 1:
            x, _, y = points[0].partition(",")
            found.append(Markup('<circle class="s{}" cx="{}" cy="{}" r="3"/>').format(number, x, y))
        found.append(Markup('<polyline class="l{}" points="{}"/>').format(number, " ".join(points)))
    return found, TOP + PLOT_HEIGHT + BOTTOM


def nice_maximum(largest: float) -> float:
    """Return the smallest of 4, 8, 10, 20, 40, … that is not below `largest`, so that grid lines are round numbers."""
    if largest <= GRID_LINES:
        return GRID_LINES
    power = 10 ** floor(log10(largest))
    return next(factor * power for factor in (1, 2, 4, 8, 10) if factor * power >= largest)


def _grid(top: float) -> Iterator[Markup]:
    for index in range(GRID_LINES + 1):
        y = TOP + PLOT_HEIGHT * (1 - index / GRID_LINES)
        yield Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(LEFT, WIDTH - RIGHT, y, y)
        yield _label(LEFT - 6, y + 4, number_text(top * index / GRID_LINES), "end")


def _dates(labels: Sequence[str], step: float) -> Iterator[Markup]:
    every = max(1, -(-len(labels) // DATE_LABELS))
    for index in range(0, len(labels), every):
        anchor = "end" if index and index == len(labels) - 1 else "middle"
        yield _label(LEFT + index * step, TOP + PLOT_HEIGHT + 18, labels[index], anchor)


def _legend(chart: LineChart) -> Iterator[Markup]:
    for number, (name, _) in enumerate(chart.lines):
        left = LEFT + number * 110
        yield Markup('<rect class="s{}" x="{}" y="6" width="12" height="12" rx="2"/>').format(number, left)
        yield _label(left + 18, 16, name, "start")


def _label(x: float, y: float, text: str, anchor: str, *, title: str = "") -> Markup:
    more = Markup("<title>{}</title>").format(title) if title and title != text else Markup("")
    place = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">').format(x, y, anchor)
    return place + more + escape(text) + Markup("</text>")


def _short(label: str) -> str:
    return label if len(label) <= MAX_LABEL_LENGTH else label[: MAX_LABEL_LENGTH - 1] + "…"
