"""Makes documents from the results of the reports, as their resources return them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tms_reports.rendering.document import BarChart, Chart, Document, LineChart, Table, Tile

Result = Mapping[str, Any]
# Longer lists are cut in charts and on the page; the table of the CSV file has all rows.
MAX_BARS = 15
MAX_PAGE_ROWS = 500
UNASSIGNED = "(unassigned)"
FIGURES = ("figure", "key", "value")
# The names of the charts of each report, in their order in the document.
CHARTS: Mapping[str, tuple[str, ...]] = {
    "insight": ("status", "priority", "assigned_to", "created_by"),
    "trend": ("flow", "open"),
    "burndown": ("burndown",),
    "cycle-time": ("from_created", "from_started"),
    "workload": ("open", "overdue"),
    "aging": ("ages",),
}


def document_of(report: str, result: Result) -> Document:
    """Return the document of a report: `insight` or a name of `series.parameters.KINDS`."""
    return MAKERS[report](result)


def chart_of(document: Document, name: str) -> Chart:
    """Return the chart with a name; one without bars if the document has none, as there is nothing to show."""
    return next((chart for chart in document.charts if chart.name == name), BarChart(name, document.title, ()))


def _notes(result: Result) -> list[str]:
    at = result["generated_at"]
    at = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    notes = [f"As of {at:%Y-%m-%d %H:%M:%S} UTC, event {result['as_of_event']}."]
    if "time_zone" in result:
        notes.append(f"Days of the time zone {result['time_zone']}.")
    return notes


def _insight(result: Result) -> Document:
    rate, urls = result["completion_rate"], result.get("urls", {})
    tiles = [
        Tile(label, result[name], urls.get(name))
        for label, name in (
            ("Tasks", "total"),
            ("Completed", "completed"),
            ("Pending", "pending"),
            ("Due today or tomorrow", "tasks_due_soon"),
            ("Overdue", "overdue"),
            ("Unassigned", "unassigned"),
        )
    ]
    groups: tuple[tuple[str, str, Callable[[str], str]], ...] = (
        ("By status", "tasks_by_status", _words),
        ("By priority", "tasks_by_priority", _words),
        ("Assigned to", "tasks_assigned", str),
        ("Created by", "tasks_created", str),
    )
    charts = [
        BarChart(chart, title, _shortened({label(key): number for key, number in result[name].items()}))
        for chart, (title, name, label) in zip(CHARTS["insight"], groups, strict=True)
    ]
    tables = [Table("All figures", FIGURES, list(_figures(result)))]
    tables += [_by_key(title, result[name], urls.get(name, {}), label) for title, name, label in groups]
    return Document(
        "Tasks",
        _notes(result),
        [*tiles, Tile("Completion rate", None if rate is None else f"{rate:.1%}")],
        charts,
        tables,
    )


def _by_key(
    title: str, numbers: Mapping[str, int], urls: Mapping[str, str | None], label: Callable[[str], str]
) -> Table:
    rows = [(label(key), number) for key, number in numbers.items()]
    links = _links(1, (urls.get(key) if number else None for key, number in numbers.items()))
    return Table(title, ("", "Tasks"), rows, links)


def _words(value: str) -> str:
    """Return the words of a status or priority, such as «In progress»."""
    return value.replace("_", " ").capitalize()


def _links(column: int, urls: Iterable[str | None]) -> dict[tuple[int, int], str]:
    """Return the links of the cells of a column, from the first row on."""
    return {(row, column): url for row, url in enumerate(urls) if url}


def _figures(result: Result) -> Iterator[tuple[str, str, Any]]:
    """Yield the figures as rows; the key is empty where a figure is a single value."""
    for figure, value in result.items():
        if figure in ("user_ids", "urls"):
            continue
        if isinstance(value, Mapping):
            yield from ((figure, key, number) for key, number in value.items())
        else:
            yield figure, "", _cell(value)


def _shortened(numbers: Mapping[str, int]) -> list[tuple[str, float]]:
    entries: list[tuple[str, float]] = list(numbers.items())
    if rest := entries[MAX_BARS:]:
        return [*entries[:MAX_BARS], (f"({len(rest)} others)", sum(number for _, number in rest))]
    return entries


def _cell(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _trend(result: Result) -> Document:
    days, names = result["days"], ("created", "completed", "archived", "reopened", "open")
    labels = [str(day["date"]) for day in days]
    flows = [(name.capitalize(), [day[name] for day in days]) for name in ("created", "completed")]
    tiles = [Tile(name.capitalize(), sum(day[name] for day in days), result.get(f"{name}_url")) for name in names[:-1]]
    rows = [[str(day["date"]), *(day[name] for name in names)] for day in days]
    links: dict[tuple[int, int], str] = {}
    for column, name in enumerate(names, 1):
        url = "url" if name == "open" else f"{name}_url"
        links |= _links(column, (day.get(url) if day[name] else None for day in days))
    return Document(
        f"Trend from {result['from']} to {result['to']}",
        _notes(result),
        [*tiles, Tile("Open", days[-1]["open"], days[-1]["url"])],
        [
            LineChart("flow", "Created and completed per day", labels, flows),
            LineChart("open", "Open at the end of the day", labels, [("Open", [day["open"] for day in days])]),
        ],
        [Table("Days", ("date", *names), rows, links)],
    )


def _burndown(result: Result) -> Document:
    days, ideal = result["days"], result["ideal"]
    labels = [str(day["date"]) for day in ideal]
    later: list[float | None] = [None] * (len(ideal) - len(days))
    lines: list[tuple[str, list[float | None]]] = [
        ("Open", [day["open"] for day in days] + later),
        ("Scope", [day["scope"] for day in days] + later),
        ("Ideal", [day["open"] for day in ideal]),
    ]
    last = days[-1] if days else {"open": None, "completed": None, "scope": None}
    columns = {"open": "url", "completed": "completed_url", "scope": "scope_url"}
    rows = [[str(day["date"]), *(day[name] for name in columns)] for day in days]
    links: dict[tuple[int, int], str] = {}
    for column, (name, url) in enumerate(columns.items(), 1):
        links |= _links(column, (day.get(url) if day[name] else None for day in days))
    return Document(
        f"Burndown from {result['from']} to {result['to']}",
        _notes(result),
        [Tile("Open at the start", result["open_at_start"], result.get("open_at_start_url")),
         Tile("Open", last["open"], last.get("url")),
         Tile("Completed or archived", last["completed"], last.get("completed_url")),
         Tile("Scope", last["scope"], last.get("scope_url"))],
        [LineChart("burndown", "Open tasks", labels, lines)] if labels else [],
        [Table("Days", ("date", *columns), rows, links)],
    )  # fmt: skip


def _cycle_time(result: Result) -> Document:
    labels = [(UNASSIGNED if group["label"] is None else group["label"], group) for group in result["groups"]]
    header = (
        result["by"], "completed", "median_hours", "p85_hours", "started", "started_median_hours", "started_p85_hours",
    )  # fmt: skip
    groups = [*labels, ("(all)", result)]
    rows = [[label, *_durations(group)] for label, group in groups]
    links: dict[tuple[int, int], str] = {}
    for column, start in ((1, "from_created"), (4, "from_started")):
        found = [group[start] for _, group in groups]
        links |= _links(column, (durations.get("url") if durations["count"] else None for durations in found))
    charts = [
        BarChart(start, title, [(label, group[start]["median_hours"] or 0) for label, group in labels[:MAX_BARS]], " h")
        for title, start in (("Median from creation", "from_created"), ("Median from the start", "from_started"))
    ]
    created, started = result["from_created"], result["from_started"]
    return Document(
        f"Cycle time of tasks completed from {result['from']} to {result['to']}",
        _notes(result),
        [Tile("Completed", created["count"], created.get("url")),
         Tile("Median from creation, hours", created["median_hours"]),
         Tile("85 % within, hours", created["p85_hours"]),
         Tile("Median from the start, hours", started["median_hours"]),
         Tile("85 % within, hours", started["p85_hours"])],
        charts if labels else [],
        [Table("Groups", header, rows, links)],
    )  # fmt: skip


def _durations(group: Result) -> Iterator[Any]:
    for start in ("from_created", "from_started"):
        yield from (group[start][name] for name in ("count", "median_hours", "p85_hours"))


def _workload(result: Result) -> Document:
    rows, others = result["results"], result["others"]
    labels = {id(row): UNASSIGNED if row["username"] is None else row["username"] for row in rows}
    priorities = list(rows[0]["by_priority"]) if rows else []
    table = [
        [labels[id(row)], row["open"], row["overdue"], row["due_soon"], *row["by_priority"].values()] for row in rows
    ]
    if others["open"]:
        table.append([f"({result['count'] - len(rows)} others)", *others.values(), *[""] * len(priorities)])
    names = ("open", "overdue", "due_soon")
    links = {
        cell: url
        for column, name in enumerate(("url", "overdue_url", "due_soon_url"), 1)
        for cell, url in _links(column, (row[name] if row[names[column - 1]] else None for row in rows)).items()
    }
    charts = [
        BarChart(name, title, _shortened({labels[id(row)]: row[name] for row in rows if row[name]}))
        for title, name in (("Open tasks", "open"), ("Overdue tasks", "overdue"))
    ]
    return Document(
        "Workload",
        _notes(result),
        [Tile(title, sum(row[name] for row in rows) + others[name])
         for title, name in zip(("Open", "Overdue", "Due today or tomorrow"), names, strict=True)],
        [chart for chart in charts if chart.bars],
        [Table("Assignees", ("assigned_to", *names, *priorities), table, links)],
    )  # fmt: skip


def _aging(result: Result) -> Document:
    buckets, oldest = result["buckets"], result["oldest"]
    priorities = list(buckets[0]["by_priority"])
    rows = [[bucket["label"], bucket["count"], *bucket["by_priority"].values()] for bucket in buckets]
    return Document(
        "Age of open tasks",
        _notes(result),
        [Tile("Open", sum(bucket["count"] for bucket in buckets)), Tile("Median age, days", result["median_days"]),
         Tile("Oldest, days", oldest[0]["days"] if oldest else None)],
        [BarChart("ages", "Open tasks by age in days", [(bucket["label"], bucket["count"]) for bucket in buckets])],
        [Table("Ages in days", ("days", "tasks", *priorities), rows,
               _links(1, (bucket["url"] if bucket["count"] else None for bucket in buckets))),
         Table("Oldest", ("id", "title", "days"), [[task["id"], task["title"], task["days"]] for task in oldest],
               _links(1, (task["url"] for task in oldest)))],
    )  # fmt: skip


MAKERS: Mapping[str, Callable[[Result], Document]] = {
    "insight": _insight,
    "trend": _trend,
    "burndown": _burndown,
    "cycle-time": _cycle_time,
    "workload": _workload,
    "aging": _aging,
}
