"""The live connection of the JavaScript client, from pages of another origin to the real processes."""

import json
import re
import subprocess
from pathlib import Path

import playwright
import pytest

import tms_realtime
from tms_testing.fixtures import PASSWORD

TICKETS = "**/api/ws-ticket"
SCRIPT = Path(tms_realtime.__file__).parent / "static" / "tms-client.js"
DOCS = Path(__file__).resolve().parents[4] / "docs" / "realtime.md"
# Node is installed with Playwright.
NODE = Path(playwright.__file__).parent / "driver" / "node"


def create(tab, title="Fence", **task):
    return tab.request("POST", "/api/task", body={"title": title, **task})


def change(tab, task, **fields):
    return tab.request("PATCH", f"/api/task/{task['id']}", body=fields)


def titles(events):
    return [event["title"] for event in events]


@pytest.fixture(autouse=True)
def _system_is_up(served_realtime):
    pass


@pytest.fixture
def connection(tab, connection_of):
    return connection_of(tab)


def test_changes_are_received_live(tab):
    tab.listen()

    task = create(tab)
    change(tab, task, status="COMPLETED")
    tab.request("DELETE", f"/api/task/{task['id']}")
    events = tab.received("events", 3)

    assert [event["event"] for event in events] == ["created", "updated", "deleted"]
    assert {event["task_id"] for event in events} == {task["id"]}
    assert tab.run("return live.lastEventId") == events[-1]["event_id"]


def test_no_event_is_lost_or_repeated_while_the_server_is_down(tab, served_realtime):
    tab.listen(filter={"created_by": "me"})
    create(tab, "before")
    tab.received("events", 1)

    served_realtime.kill()
    tab.wait_for_state("waiting")
    for number in range(5):
        create(tab, f"meanwhile {number}")
    served_realtime.start()
    tab.come_online()
    tab.wait_for_state("open")
    create(tab, "after")
    events = tab.received("events", 7)

    assert titles(events) == ["before", *(f"meanwhile {number}" for number in range(5)), "after"]
    assert {event["match"] for event in events} == {"enter"}


def test_no_event_is_lost_before_the_first_one(tab, connection):
    tab.listen(filter={"created_by": "me"})

    connection.cut()
    create(tab, "meanwhile")
    connection.restore()

    assert titles(tab.received("events", 1)) == ["meanwhile"]


def test_a_connection_resumes_where_an_earlier_one_ended(tab):
    since = tab.request("GET", "/api/sync")["next"]
    create(tab, "one")
    create(tab, "two")

    tab.listen(since=since, filter={"created_by": "me"})

    assert titles(tab.received("events", 2)) == ["one", "two"]


def test_a_filter_reports_tasks_that_enter_and_leave(tab):
    tab.listen(filter={"created_by": "me", "status": ["PENDING", "IN_PROGRESS"]})

    task = create(tab)
    change(tab, task, status="IN_PROGRESS")
    change(tab, task, status="COMPLETED")
    change(tab, task, title="Nobody looks at this any more")
    create(tab, "Gate")
    events = tab.received("events", 4)

    assert [event["match"] for event in events] == ["enter", "stay", "leave", "enter"]
    assert events[-1]["title"] == "Gate"


def test_subscriptions_are_restored_after_a_reconnect(tab, connection):
    tab.listen()
    mine = {"created_by": "me"}
    tab.run("for (const [filter, id] of given) live.subscribe(filter, id)", [
        [{**mine, "status": "PENDING"}, "board"],
        [{**mine, "priority": ["URGENT"]}, "alarm"],
        [{**mine, "priority": ["URGENT", "HIGH"]}, "alarm"],
    ])  # fmt: skip
    create(tab, "before")
    tab.received("events", 1)

    connection.cut()
    create(tab, "nobody's", status="COMPLETED")
    create(tab, "both", priority="HIGH")
    create(tab, "alarm", status="ARCHIVED", priority="URGENT")
    connection.restore()
    create(tab, "after")
    create(tab, "nobody's", status="COMPLETED")
    create(tab, "last")
    events = tab.received("events", 5)

    assert titles(events) == ["before", "both", "alarm", "after", "last"]
    assert [set(event["subscriptions"]) for event in events] == [
        {"board"}, {"board", "alarm"}, {"alarm"}, {"board"}, {"board"}
    ]  # fmt: skip


def test_all_events_are_sent_after_the_subscription_is_removed(tab):
    tab.listen(filter={"created_by": "none"})
    tab.run("live.subscribe({ status: 'ARCHIVED' }, 'shelf'); live.unsubscribe()")

    create(tab)

    assert "match" not in tab.received("events", 1)[0]


def test_errors_of_the_server_are_reported(tab):
    tab.listen()
    tab.run("live.subscribe({ status: 'LOST' }, 'board')")

    (error,) = tab.received("errors", 1)

    assert "status" in error["detail"]
    assert tab.run("return live.state") == "open"


def test_a_client_that_missed_too_much_gets_a_reset(tab):
    tab.listen(since=2**40)

    (reset,) = tab.received("resets", 1)
    create(tab, "later")
    events = tab.received("events", 1)

    assert events[0]["event_id"] > reset["event_id"]
    assert titles(events) == ["later"]


def sees(tab, task, user):
    """Waits until the newest presence of the task has the user."""
    newest = "([task, id]) => received.presence.findLast((one) => one.task === task)?.users.includes(id)"
    tab.page.wait_for_function(newest, arg=[task, user.id])


def test_two_pages_see_each_other_viewing_a_task(open_tab, add_user, connection_of):
    users = ann, bob = add_user(), add_user()
    anns, bobs = tabs = [open_tab(user) for user in users]
    connection = connection_of(anns)
    task = create(anns)["id"]
    for tab in tabs:
        tab.listen()
        tab.run("live.presence(given)", task)
    sees(anns, task, bob)
    sees(bobs, task, ann)

    connection.cut()
    anns.run("received.presence.length = 0")
    connection.restore()
    sees(anns, task, bob)
    bobs.run("live.presence(null)")

    anns.page.wait_for_function("(id) => !received.presence.at(-1).users.includes(id)", arg=bob.id)


def views(tab, task, user):
    """Waits until the newest viewers of the task are the user, or nobody."""
    newest = """([task, users]) => {
        const last = received.viewers.findLast(({ tasks }) => task in tasks);
        return last?.tasks[task].join() === users;
    }"""
    tab.page.wait_for_function(newest, arg=[str(task), str(user.id) if user else ""])


def test_a_page_follows_the_viewers_of_the_tasks_that_it_watches(open_tab, add_user, connection_of):
    ann, bob = add_user(), add_user()
    anns, bobs = open_tab(ann), open_tab(bob)
    connection = connection_of(anns)
    first, second, third = (create(anns)["id"] for _ in range(3))
    for tab in (anns, bobs):
        tab.listen()
        tab.wait_for_state("open")
    anns.run("live.watch(given)", [first, second])
    bobs.run("live.presence(given)", first)
    views(anns, first, bob)

    bobs.run("live.presence(given)", third)
    views(anns, first, None)
    bobs.run("live.presence(given)", second)
    views(anns, second, bob)

    # The watch is restored after a reconnect, and replaced by the next one.
    connection.cut()
    anns.run("received.viewers.length = 0")
    connection.restore()
    views(anns, second, bob)
    anns.run("live.watch(given)", [third])
    anns.run("received.viewers.length = 0")
    bobs.run("live.presence(given)", first)
    bobs.run("live.presence(given)", third)
    views(anns, third, bob)

    assert str(first) not in anns.run("return Object.assign({}, ...received.viewers.map(({ tasks }) => tasks))")


def test_an_expired_token_is_renewed_for_the_ticket(shared_tab):
    shared_tab.run("shared.set({ ...shared.get(), access: 'stale' })")

    shared_tab.listen()
    create(shared_tab)

    assert titles(shared_tab.received("events", 1)) == ["Fence"]
    assert shared_tab.received("tokens", 1)[-1] == shared_tab.run("return shared.get()")


def test_a_connection_continues_with_a_new_session(open_tab, add_user):
    user = add_user()
    tab = open_tab(user)
    tab.listen()

    tab.run("await tms.signIn(...given)", [user.username, PASSWORD])
    tab.request("POST", "/api/token/revoke", body={"refresh": user.refresh})
    states = tab.received("states", 4)
    tab.wait_for_state("open")
    create(tab)

    assert (states[2]["state"], states[2]["code"]) == ("waiting", 4401)
    assert titles(tab.received("events", 1)) == ["Fence"]


def test_a_connection_closes_when_the_session_has_ended(tab):
    tab.listen()

    tab.run("await tms.signOut()")
    (error,) = tab.received("errors", 1)

    assert error["status"] == 401
    assert tab.run("return live.state") == "closed"


def test_a_connection_closes_on_an_invalid_filter(tab):
    tab.run("listen({ filter: { status: 'LOST' } })")

    (error,) = tab.received("errors", 1)

    assert (error["status"], error["errors"][0]["field"]) == (400, "status")
    assert tab.run("return live.state") == "closed"


def test_a_reconnect_waits_for_the_retry_after_of_a_busy_server(tab):
    tickets = []

    def be_busy_at_first(route):
        tickets.append(route)
        headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
        if len(tickets) == 1:
            route.fulfill(status=503, headers={**headers, "Retry-After": "3600"}, json={"detail": "Later."})
        else:
            route.continue_()

    tab.page.route(TICKETS, be_busy_at_first)
    tab.stop_time()
    tab.run("listen()")
    waiting = tab.wait_for_state("waiting")
    tab.come_online()
    tab.page.clock.run_for(3_599_000)
    early = (len(tickets), tab.run("return live.state"))
    tab.page.clock.run_for(2_000)
    tab.wait_for_state("open")

    assert waiting["retryIn"] >= 3_600_000
    assert early == (1, "waiting")


def test_a_reconnect_is_immediate_when_the_network_is_back(tab):
    attempts = []

    def be_away_at_first(route):
        attempts.append(route)
        route.abort() if len(attempts) == 1 else route.continue_()

    tab.page.route(TICKETS, be_away_at_first)
    tab.stop_time()
    tab.run("listen()")
    tab.wait_for_state("waiting")

    tab.come_online()

    tab.wait_for_state("open")


def test_a_silent_connection_is_replaced(tab):
    task = create(tab)["id"]
    answers = []

    def swallow_pings_of_the_first(socket):
        answers.append([])
        received_messages, number, server = answers[-1], len(answers), socket.connect_to_server()
        socket.on_message(lambda message: None if number == 1 and "ping" in message else server.send(message))
        server.on_message(lambda message: (received_messages.append(message), socket.send(message)))

    tab.page.route_web_socket("**/ws/tasks/**", swallow_pings_of_the_first)
    tab.stop_time()
    tab.listen()
    tab.page.clock.run_for(25_000)
    tab.page.clock.run_for(10_000)
    tab.wait_for_state("waiting")
    tab.page.clock.run_for(1_000)
    tab.wait_for_state("open")
    tab.page.clock.run_for(25_000)
    # The response follows the pong.
    tab.run("live.presence(given)", task)
    tab.received("presence", 1)
    tab.page.clock.run_for(20_000)

    assert [json.loads(received_messages[0])["type"] for received_messages in answers[1:]] == ["pong"]
    assert tab.run("return live.state") == "open"


def test_a_closed_connection_stays_closed(tab):
    tab.listen()

    tab.run("live.close()")
    tab.come_online()
    tab.listen(filter={"created_by": "me"})
    create(tab)
    events = tab.received("events", 1)

    assert [note["state"] for note in tab.received("states", 5)] == [
        "connecting",
        "open",
        "closed",
        "connecting",
        "open",
    ]
    assert len(events) == 1


def test_a_connection_closed_at_once_never_connects(tab):
    sockets = []
    tab.page.on("websocket", lambda socket: sockets.append(socket))

    tab.run("listen(); live.close()")
    tab.listen()

    assert len(sockets) == 1
    assert [note["state"] for note in tab.received("states", 4)] == ["connecting", "closed", "connecting", "open"]


def test_the_example_of_the_documentation_works(context, origin, served_api, add_user):
    add_user("ann")
    (example,) = re.findall(r"```html\n(.*?)```", DOCS.read_text(), re.DOTALL)
    page = context.new_page()
    page.route("**/page.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(f"{origin}/page.html")

    with page.expect_response(
        lambda one: one.url == f"{served_api}/api/task" and one.request.method == "POST"
    ) as answer:
        page.set_content(example.replace("http://localhost:8000", served_api))
    page.wait_for_function("document.title.endsWith(' tasks, open')")

    assert answer.value.status == 201


def test_the_client_works_in_node(served_api, add_user):
    user = add_user()
    options = {"api": served_api, "tokens": {"access": user.access, "refresh": user.refresh}}
    script = f"""
        import {{ TmsClient }} from {json.dumps(SCRIPT.as_uri())};
        const tms = new TmsClient({json.dumps(options)});
        const live = tms.listen({{
            filter: {{ created_by: "me" }},
            onState: (state) => state === "open" && tms.request("POST", "/api/task", {{ body: {{ title: "Node" }} }}),
            onEvent: ({{ title, match }}) => {{
                console.log(title, match);
                live.close();
            }},
        }});
    """

    done = subprocess.run([NODE, "--input-type=module", "--eval", script], capture_output=True, text=True, timeout=60)

    assert (done.stdout, done.stderr) == ("Node enter\n", "")
