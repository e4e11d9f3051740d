"""The board: columns, dragging by mouse, keyboard and touch, changes of others."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, Route, expect

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def board(page: Page, sign_in, ann) -> Page:
    """The board of a user who has signed in, by status."""
    return sign_in(page, ann, "/board")


@pytest.fixture
def create(client):
    """Creates tasks at the top of their column: `create("Paint", status="COMPLETED")` returns the task."""

    def run(title: str, **fields):
        return client.post("/api/task", data={"title": title, "priority": "URGENT", **fields}).json()

    return run


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def card(place: Page | Locator, title: str) -> Locator:
    return place.get_by_role("listitem", name=title, exact=True)


def status(client, task) -> str:
    return client.get(f"/api/task/{task['id']}").json()["status"]


def lift(page: Page, item: Locator) -> None:
    """Presses the mouse on a card and begins to drag it."""
    item.hover(position={"x": 40, "y": 20})
    box = item.bounding_box()
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 40, steps=3)


def carry(page: Page, target: Locator) -> None:
    box = target.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 120, steps=4)
    expect(target).to_have_attribute("data-over", "true")


def test_a_card_is_dragged_to_another_column_with_the_mouse(board, create, client):
    task = create("Paint the fence")
    item = card(column(board, "Pending"), "Paint the fence")

    lift(board, item)
    carry(board, column(board, "Archived"))
    board.keyboard.press("Escape")
    board.mouse.up()
    expect(item).to_be_visible()
    expect(board).to_have_url(re.compile("/board$"))
    # The click at the end of dragging opens nothing.
    lift(board, item)
    board.mouse.up()
    expect(board.locator(".drag-preview")).to_have_count(0)
    lift(board, item)
    carry(board, column(board, "Completed"))
    with board.expect_response(lambda one: one.request.method == "PATCH") as answered:
        board.mouse.up()

    expect(card(column(board, "Completed"), "Paint the fence")).to_be_visible()
    expect(item).to_have_count(0)
    assert answered.value.request.headers["if-match"] == '"1"'
    assert status(client, task) == "COMPLETED"
    expect(board).to_have_url(re.compile("/board$"))
    expect(board.get_by_role("complementary")).to_have_count(0)


def test_a_card_keeps_the_focus_into_a_column_that_is_still_loading(board, create):
    create("Wind the clock", status="IN_PROGRESS")
    held: list[Route] = []
    board.route(re.compile(r"/api/task\?.*status=COMPLETED"), lambda route: held.append(route))
    board.reload()
    item = card(column(board, "In progress"), "Wind the clock")
    item.focus()
    board.keyboard.press("Shift+ArrowRight")
    expect(item).to_have_count(0)

    for route in held:
        route.continue_()

    expect(card(column(board, "Completed"), "Wind the clock")).to_be_focused()


def test_a_card_is_dragged_by_keyboard_and_keeps_the_focus(board, create, client):
    task = create("Sweep the yard")
    live = board.locator(".shell > [role=status].visually-hidden")
    item = card(board, "Sweep the yard")
    item.focus()

    board.keyboard.press("Space")
    expect(live).to_contain_text("Sweep the yard is lifted in Pending")
    board.keyboard.press("ArrowRight")
    expect(live).to_have_text("In progress")
    board.keyboard.press("Escape")
    expect(live).to_contain_text("Sweep the yard stays in Pending")
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowLeft", "Space"):
        board.keyboard.press(key)
    expect(card(column(board, "In progress"), "Sweep the yard")).to_be_focused()
    expect(live).to_contain_text("Sweep the yard moved to In progress")
    board.keyboard.press("Shift+ArrowRight")

    expect(card(column(board, "Completed"), "Sweep the yard")).to_be_focused()
    board.keyboard.press("s")
    board.get_by_role("combobox", name="Change status").press_sequentially("arch")
    board.keyboard.press("Enter")
    expect(card(column(board, "Archived"), "Sweep the yard")).to_be_focused()
    board.keyboard.press("Enter")
    expect(board.get_by_role("complementary")).to_be_visible()
    expect(board).to_have_url(re.compile(f"/board/{task['id']}$"))
    board.keyboard.press("Escape")
    expect(card(board, "Sweep the yard")).to_be_focused()

    for title, state in [("a", "PENDING"), ("b", "PENDING"), ("c", "COMPLETED"), ("d", "COMPLETED")]:
        create(title, status=state, due_date="1999-01-01")
    expect(card(board, "d")).to_be_visible()
    card(board, "a").focus()
    for key, title in [("j", "b"), ("l", "d"), ("k", "c"), ("h", "a"), ("ArrowRight", "c"), ("ArrowDown", "d")]:
        board.keyboard.press(key)
        expect(card(board, title)).to_be_focused()
    board.keyboard.press("x")
    expect(board.get_by_role("toolbar", name="Change the selected tasks")).to_contain_text("1 selected")
    board.keyboard.press("?")
    expect(board.get_by_role("dialog")).to_contain_text("Move the card to the right")


def test_a_refused_change_puts_the_card_back(board, api_of, ann, add_user, client, problems):
    by_bob = api_of(add_user())
    urgent = {"priority": "URGENT", "due_date": "1998-01-01"}
    task = by_bob.post("/api/task", data={"title": "Mow the lawn", "assigned_to": ann.id, **urgent}).json()
    by_bob.post("/api/task", data={"title": "Not mine", **urgent})
    item = card(column(board, "Pending"), "Mow the lawn")

    lift(board, item)
    carry(board, column(board, "Completed"))
    by_bob.patch(f"/api/task/{task['id']}", data={"assigned_to": None})
    board.mouse.up()
    expect(board.get_by_role("status", name="Messages")).to_contain_text(re.compile("may not|only|not allowed", re.I))
    expect(item).to_be_visible()
    assert status(client, task) == "PENDING"
    problems[:] = [one for one in problems if "403 (Forbidden)" not in one]

    lift(board, card(board, "Not mine"))
    expect(board.get_by_text("You can only read this task.")).to_be_visible()
    expect(board.locator(".drag-preview")).to_have_count(0)
    board.mouse.up()


def test_changes_of_others_move_the_cards_visibly(board, create, client, new_page, ann):
    other = new_page(ann, "/board", reduced_motion="reduce")
    for page in (board, other):
        page.evaluate(
            """() => { const animate = Element.prototype.animate; globalThis.animations = 0;
            Element.prototype.animate = function (...words) { animations += 1; return animate.apply(this, words); } }"""
        )
    task = create("Water the plants")
    expect(card(column(board, "Pending"), "Water the plants")).to_be_visible()

    lift(other, card(column(other, "Pending"), "Water the plants"))
    carry(other, column(other, "In progress"))
    other.mouse.up()
    expect(card(column(board, "In progress"), "Water the plants")).to_be_visible()
    expect(card(column(board, "Pending"), "Water the plants")).to_have_count(0)
    client.delete(f"/api/task/{task['id']}")
    for page in (board, other):
        expect(card(page, "Water the plants")).to_have_count(0)

    assert board.evaluate("animations") >= 3
    assert other.evaluate("animations") == 0
    # The copies that flew are gone.
    expect(board.locator(".board [inert]")).to_have_count(0)


def test_the_address_has_columns_and_filters(board, create, client, served_api):
    create("Oil the hinges", priority="URGENT", status="COMPLETED")
    create("Fix the latch", priority="LOW")
    board.get_by_role("button", name="Columns by: Status").click()
    board.get_by_role("menuitemradio", name="Priority").click()
    expect(board).to_have_url(f"{served_api}/board?group=priority")
    expect(card(column(board, "Urgent"), "Oil the hinges")).to_be_visible()

    board.goto(f"{served_api}/board?group=priority&status=COMPLETED&priority=URGENT,LOW")
    expect(board.get_by_role("heading", level=2)).to_have_text(["Urgent", "Low"])
    expect(card(board, "Oil the hinges")).to_be_visible()
    expect(card(board, "Fix the latch")).to_have_count(0)
    board.get_by_role("button", name="New task in Low").click()
    line = board.get_by_label("New task", exact=True)
    line.fill("Grease the lock")
    line.press("Enter")
    expect(board.get_by_text("Created “Grease the lock”. It is not in this view.")).to_be_visible()
    (task,) = client.get("/api/task", params={"q": "Grease"}).json()["results"]
    assert task["priority"] == "LOW"
    board.get_by_label("Search tasks").fill("nothing like it")
    expect(board.get_by_role("heading", name="No task matches")).to_be_visible()
    board.get_by_role("main").get_by_role("button", name="Clear filters").last.click()
    expect(board).to_have_url(f"{served_api}/board?group=priority")
    expect(card(column(board, "Low"), "Grease the lock")).to_be_visible()


def test_long_columns_load_on_and_are_counted(board, client):
    for start in range(0, 260, 130):
        tasks = [{"op": "create", "task": {"title": f"{start + n}", "priority": "LOW"}} for n in range(130)]
        client.post("/api/task/bulk", data={"operations": tasks})
    client.post("/api/task", data={"title": "the last", "priority": "LOW"})
    pending = column(board, "Pending")
    count = pending.locator(".board-column__count")
    number = client.get("/api/task", params={"status": "PENDING"}).json()["count"]
    assert number >= 261
    expect(count).to_have_text(str(number))

    last = card(pending, "the last")
    # Each end that is reached loads another page.
    for _ in range(number):
        if last.count():
            break
        pending.locator("[data-scroller]").evaluate("one => one.scrollTo(0, one.scrollHeight)")
        board.wait_for_timeout(50)
    expect(last).to_have_attribute("aria-posinset", str(number))
    assert pending.locator("[data-id]").count() < 60
    positions = pending.locator("[data-id]").evaluate_all("all => all.map(one => +one.ariaPosInSet)")
    assert all(after - before == 1 for before, after in pairwise(positions))


def test_columns_of_assignees_are_loaded_when_they_are_in_sight(new_page, ann, add_user, create, client):
    others = [add_user() for _ in range(6)]
    last = max(others, key=lambda one: one.username)
    task = create("Count the chairs", assigned_to=last.id)
    page = new_page(ann, "/tasks", viewport={"width": 760, "height": 700})
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "assigned_to=" in one.url else None)
    page.goto(page.url.replace("/tasks", "/board?group=assignee"))

    names = page.get_by_role("heading", level=2)
    expect(names.nth(0)).to_have_text("Unassigned")
    expect(names.nth(2)).to_have_text(last.username)
    item = card(column(page, last.username), "Count the chairs")
    expect(item).to_be_attached()
    assert len(asked) < names.count()
    item.focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(card(column(page, ann.username), "Count the chairs")).to_be_focused()
    page.get_by_role("region", name=column_name(page, -1), exact=True).scroll_into_view_if_needed()
    expect(page.get_by_role("region", name=column_name(page, -1), exact=True)).to_contain_text("No tasks here")
    assert client.get(f"/api/task/{task['id']}").json()["assigned_to"] == ann.id


def column_name(page: Page, index: int) -> str:
    return page.get_by_role("heading", level=2).all()[index].inner_text()


def test_a_finger_scrolls_and_after_a_long_press_drags_to_the_next_column(new_page, ann, create, client):
    task = create("Carry the box", due_date="1990-01-01")
    page = new_page(ann, "/board", **PHONE)
    item = card(column(page, "Pending"), "Carry the box")
    expect(item).to_be_visible()
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    box = item.bounding_box()
    x, y = box["x"] + 60, box["y"] + 30
    send("touchStart", (x, y))
    send("touchMove", (x - 30, y))
    send("touchEnd")
    expect(page.locator(".drag-preview")).to_have_count(0)
    page.get_by_role("navigation", name="Columns").get_by_role("button", name="Pending").click()

    # Waits until the board has scrolled.
    item.tap(trial=True)
    box = item.bounding_box()
    x, y = box["x"] + 60, box["y"] + 30
    send("touchStart", (x, y))
    expect(page.locator(".drag-preview")).to_be_visible()
    send("touchMove", (200, y + 40))
    # At the edge the board scrolls, until it ends.
    send("touchMove", (340, y + 60))
    expect(column(page, "Archived")).to_have_attribute("data-over", "true")
    expect(column(page, "Archived")).to_be_in_viewport(ratio=0.9)
    send("touchMove", (180, y + 60))
    expect(column(page, "Archived")).to_have_attribute("data-over", "true")
    with page.expect_response(f"**/api/task/{task['id']}"):
        send("touchEnd")

    expect(card(column(page, "Archived"), "Carry the box")).to_be_visible()
    assert status(client, task) == "ARCHIVED"
    card(page, "Carry the box").get_by_role("button", name="Move Carry the box to another column").tap()
    page.get_by_role("option", name="Completed").tap()
    expect(card(column(page, "Completed"), "Carry the box")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_board_is_accessible_in_both_languages(new_page, ann, create, check_accessibility):
    create("Polish the bell", assigned_to=ann.id, due_date="2020-01-02")
    page = new_page(ann, "/board", color_scheme="light")
    expect(card(page, "Polish the bell")).to_be_visible()
    page.keyboard.press("c")
    check_accessibility(page)

    page.emulate_media(color_scheme="dark")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search commands").fill("Deutsch")
    page.keyboard.press("Enter")
    expect(column(page, "In Arbeit")).to_be_visible()
    expect(page.get_by_role("button", name="Spalten nach: Status")).to_be_visible()
    expect(page.get_by_role("button", name="Neue Aufgabe in Erledigt")).to_be_visible()
    check_accessibility(page)
    page.goto(page.url + "?group=assignee")
    expect(card(page, "Polish the bell")).to_be_visible()
    check_accessibility(page)
