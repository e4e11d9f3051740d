"""Text of users is shown as it is, on every page: it runs nothing, asks no other host, and breaks no layout."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 720}
MARKUP = "<img src=/x onerror=console.error('ran')><svg onload=console.error('ran')>"
SCRIPT = "\"><script>console.error('ran')</script><style>*{display:none}</style>"
TEMPLATES = "{{7+7}} ${7+7} {name} {count} {title} {id} $& $' <%= 7 %> %s"
RTL = "\u202etxet \u2067\u05e9\u05dc\u05d5\u05dd"
LONG = "W" * 200
TITLES = [MARKUP, SCRIPT, TEMPLATES, RTL, LONG]
DESCRIPTION = "\n\n".join(
    [
        f"**Before** {TEMPLATES}",
        MARKUP,
        SCRIPT,
        "[a](javascript:console.error('ran')) [b](data:text/html,<script>console.error('ran')</script>)",
        "[c]( java\nscript:console.error('ran')) <javascript:console.error('ran')> [d][ref]",
        "![e](//evil.example/x.png) ![f](https://evil.example/x.png) <iframe src=//evil.example></iframe>",
        '[g](# "x\\" onmouseover=console.error(1) y=\\"")',
        f"`{LONG}` | {LONG}",
        f"| {LONG} | {LONG} |\n|---|---|\n| {LONG} | 2 |",
        f"```\n{LONG}{LONG}\n```",
        RTL,
        "**After**",
        "[ref]: javascript:console.error('ran')",
    ]
)
ELEMENTS = (
    "main img, main iframe, main style, body script, [href^='javascript:' i], [href^='data:' i], [onerror], [onload]"
)

# What scrolls down only.
TOO_WIDE = """[...document.querySelectorAll(
    "main, .task-panel__body, .notifications__body, .dialog__body, .menu, [role=listbox]")]
    .filter(one => one.scrollWidth > one.clientWidth).map(one => one.className)"""


@pytest.fixture
def root(add_user):
    return add_user(is_admin=True)


@pytest.fixture
def client(api_of, root):
    return api_of(root)


@pytest.fixture
def mallory(api_of, add_user):
    """A user whose names are hostile."""
    user = add_user()
    names = {"first_name": MARKUP[:148], "last_name": TEMPLATES + RTL + "W" * 60}
    assert api_of(user).patch(f"/api/users/{user.id}", data=names).ok
    return user


def check(page: Page, place: str) -> None:
    """Asserts that nothing of the payloads has become an element, and that no content is wider than its place."""
    assert page.locator(ELEMENTS).count() == 0, place
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], place
        assert page.evaluate(TOO_WIDE) == [], place


# Parameters that the pages know, and one that they do not.
QUERY = "&".join(
    f"{name}={quote(MARKUP)}" for name in ("q", "status", "assignee", "due", "group", "ordering", "saved", "x")
)
PAGES = [
    "/tasks",
    "/tasks?group=assignee",
    "/board",
    "/board?group=assignee",
    "/calendar",
    "/my-tasks",
    "/reports",
    "/notifications",
    "/notifications?show=mails",
    "/profile/account",
    "/profile/sessions",
    "/profile/tokens",
    "/administration/users",
    "/administration/mails",
    *(
        f"{path}?{QUERY}"
        for path in (
            "/tasks",
            "/board",
            "/calendar",
            "/my-tasks",
            "/reports",
            "/notifications",
            "/administration/users",
            "/administration/mails",
        )
    ),
    *(
        f"{path}/{quote(MARKUP)}"
        for path in ("/tasks", "/board", "/calendar", "/notifications", "/profile", "/administration", "/nowhere")
    ),
]
EVIL = (
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "/\t/evil.example",
    "\n//evil.example",
    "javascript:console.error('ran')",
    "/tasks?q=x#<script>",
)


@pytest.fixture
def written(root, mallory, client, api_of) -> list[dict]:
    """Hostile tasks, saved views, an API token and names."""
    fields = {"description": DESCRIPTION, "due_date": datetime.now(UTC).date().isoformat(), "assigned_to": root.id}
    writer = api_of(mallory)
    tasks = [writer.post("/api/task", data={"title": title, **fields}).json() for title in TITLES]
    for name in (MARKUP, TEMPLATES):
        view = {"name": name, "page": "/tasks", "query": "q=" + quote(name, safe=""), "is_shared": True}
        assert client.post("/api/views", data=view).ok
    assert client.post("/api/api-tokens", data={"name": MARKUP, "scopes": ["tasks:read"]}).ok
    assert client.patch(f"/api/users/{root.id}", data={"first_name": MARKUP, "last_name": RTL + "W" * 60}).ok
    return tasks


def test_what_users_write_runs_nothing_and_breaks_no_page(page, sign_in, visit, root, written, problems):
    sign_in(page, root, "/tasks")
    for path in PAGES:
        check(visit(page, path), path)
    # Searches of the page before may still be running; then the page tries again.
    problems[:] = [text for text in problems if " 429 " not in text]


def test_dialogs_and_messages_show_what_users_write(page, sign_in, visit, root, written, client, problems):
    first, second, *_ = written
    sign_in(page, root, f"/board/{first['id']}")
    panel = page.get_by_role("complementary")
    expect(page).to_have_title(f"{MARKUP} · TMS")
    expect(panel.get_by_label("Title")).to_have_value(MARKUP)
    expect(panel.get_by_text("After")).to_be_visible()
    for text in (TEMPLATES, MARKUP, SCRIPT):
        expect(panel.locator(".markdown")).to_contain_text(text)
    check(page, "panel")

    client.patch(f"/api/task/{first['id']}", data={"title": TEMPLATES})
    expect(panel.get_by_text(f"from “{MARKUP}” to “{TEMPLATES}”")).to_be_visible()
    expect(page).to_have_title(f"{TEMPLATES} · TMS")
    visit(page, f"/tasks/{second['id']}")
    expect(panel.get_by_label("Title")).to_have_value(SCRIPT)
    panel.get_by_role("button", name="Edit", exact=True).click()
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    panel.get_by_role("textbox", name="Description").fill(MARKUP + LONG)
    panel.get_by_label("Title").focus()
    expect(page.get_by_text("1 change will be sent")).to_be_visible()
    client.patch(f"/api/task/{second['id']}", data={"description": SCRIPT + LONG})
    page.context.set_offline(False)
    conflict = page.get_by_role("region", name="Conflict")
    expect(conflict).to_contain_text(MARKUP + LONG)
    expect(conflict).to_contain_text(SCRIPT + LONG)
    check(page, "conflict")
    # The browser logs requests without an answer, and the conflict.
    problems[:] = [text for text in problems if "ERR_INTERNET_DISCONNECTED" not in text and " 412 " not in text]

    visit(page, "/tasks?q=nothing")
    line = page.get_by_label("New task", exact=True)
    line.fill(MARKUP)
    line.press("Enter")
    expect(page.get_by_text(f"“{MARKUP}”")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("Open view")
    for name in (MARKUP, TEMPLATES):
        expect(page.get_by_role("option", name=f"Open view {name}").first).to_be_visible()
    check(page, "palette and toast")
    page.get_by_role("option", name=f"Open view {MARKUP}").first.click()
    expect(page.get_by_role("searchbox")).to_have_value(MARKUP)
    row = page.get_by_role("row").filter(has_text=MARKUP)
    row.first.get_by_role("checkbox").check()
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    check(page, "question")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    # The focus goes to another row then, which closes a menu.
    expect(page.get_by_role("toolbar").get_by_role("button", name="Delete")).to_have_count(0)
    page.locator(".tasks__head").get_by_role("button", name=MARKUP).click()
    page.get_by_role("menuitem", name="Delete view").click()
    expect(page.get_by_role("dialog")).to_contain_text(MARKUP)
    check(page, "question about a view")


def test_signing_in_leads_to_no_other_site(page, sign_in, visit, ann, served_pages):
    sign_in(page, ann, f"/sign-in?return={quote(EVIL[3])}")
    for path in EVIL:
        visit(page, f"/sign-in?return={quote(path, safe='')}")
        expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
        assert page.url.startswith(f"{served_pages}/tasks")
