"""The JavaScript client's live connection, between pages of another origin and the real processes."""

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
# Playwright brings one.
NODE = Path(playwright.__file__).parent / "driver" / "node"


def create(tab, title="Fence", **task):
    return tab.request("POST", "/api/task", body={"title": title, **task})


def change(tab, task, **fields):
    return tab.request("PATCH", f"/api/task/{task['id']}", body=fields)


def titles(events):
    return [event["title"] for event in events]


@pytest.fixture(autouse=True)
def _system_is_up(realtime):
    pass


@pytest.fixture
def line(tab, line_of):
    return line_of(tab)


def test_changes_arrive_as_they_happen(tab):
    tab.listen()

    task = create(tab)
    change(tab, task, status="COMPLETED")
    tab.request("DELETE", f"/api/task/{task['id']}")
    events = tab.heard("events", 3)

    assert [event["event"] for event in events] == ["created", "updated", "deleted"]
    assert {event["task_id"] for event in events} == {task["id"]}
    assert tab.run("return live.lastEventId") == events[-1]["event_id"]


def test_nothing_is_lost_or_told_twice_while_the_server_is_away(tab, realtime):
    tab.listen(filter={"created_by": "me"})
    create(tab, "before")
    tab.heard("events", 1)

    realtime.kill()
    tab.wait_for_state("waiting")
    for number in range(5):
        create(tab, f"meanwhile {number}")
    realtime.start()
    tab.come_online()
    tab.wait_for_state("open")
    create(tab, "after")
    events = tab.heard("events", 7)

    assert titles(events) == ["before", *(f"meanwhile {number}" for number in range(5)), "after"]
    assert {event["match"] for event in events} == {"enter"}


def test_nothing_is_lost_before_the_first_event(tab, line):
    tab.listen(filter={"created_by": "me"})

    line.cut()
    create(tab, "meanwhile")
    line.mend()

    assert titles(tab.heard("events", 1)) == ["meanwhile"]


def test_it_goes_on_where_an_earlier_one_was(tab):
    since = tab.request("GET", "/api/sync")["next"]
    create(tab, "one")
    create(tab, "two")

    tab.listen(since=since, filter={"created_by": "me"})

    assert titles(tab.heard("events", 2)) == ["one", "two"]


def test_a_filter_says_what_comes_in_and_what_goes_out(tab):
    tab.listen(filter={"created_by": "me", "status": ["PENDING", "IN_PROGRESS"]})

    task = create(tab)
    change(tab, task, status="IN_PROGRESS")
    change(tab, task, status="COMPLETED")
    change(tab, task, title="Nobody looks at this any more")
    create(tab, "Gate")
    events = tab.heard("events", 4)

    assert [event["match"] for event in events] == ["enter", "stay", "leave", "enter"]
    assert events[-1]["title"] == "Gate"


def test_subscriptions_hold_on_the_next_connection(tab, line):
    tab.listen()
    mine = {"created_by": "me"}
    tab.run("for (const [filter, id] of given) live.subscribe(filter, id)", [
        [{**mine, "status": "PENDING"}, "board"],
        [{**mine, "priority": ["URGENT"]}, "alarm"],
        [{**mine, "priority": ["URGENT", "HIGH"]}, "alarm"],
    ])  # fmt: skip
    create(tab, "before")
    tab.heard("events", 1)

    line.cut()
    create(tab, "nobody's", status="COMPLETED")
    create(tab, "both", priority="HIGH")
    create(tab, "alarm", status="ARCHIVED", priority="URGENT")
    line.mend()
    create(tab, "after")
    create(tab, "nobody's", status="COMPLETED")
    create(tab, "last")
    events = tab.heard("events", 5)

    assert titles(events) == ["before", "both", "alarm", "after", "last"]
    assert [set(event["subscriptions"]) for event in events] == [
        {"board"}, {"board", "alarm"}, {"alarm"}, {"board"}, {"board"}
    ]  # fmt: skip


def test_without_its_subscription_everything_comes_again(tab):
    tab.listen(filter={"created_by": "none"})
    tab.run("live.subscribe({ status: 'ARCHIVED' }, 'shelf'); live.unsubscribe()")

    create(tab)

    assert "match" not in tab.heard("events", 1)[0]


def test_what_the_server_does_not_understand_is_told(tab):
    tab.listen()
    tab.run("live.subscribe({ status: 'LOST' }, 'board')")

    (error,) = tab.heard("errors", 1)

    assert "status" in error["detail"]
    assert tab.run("return live.state") == "open"


def test_who_missed_too_much_is_told_to_read_again(tab):
    tab.listen(since=2**40)

    (reset,) = tab.heard("resets", 1)
    create(tab, "later")
    events = tab.heard("events", 1)

    assert events[0]["event_id"] > reset["event_id"]
    assert titles(events) == ["later"]


def sees(tab, task, user):
    """Waits until the newest word on who looks at the task names the user."""
    newest = "([task, id]) => heard.presence.findLast((one) => one.task === task)?.users.includes(id)"
    tab.page.wait_for_function(newest, arg=[task, user.id])


def test_two_pages_see_each_other_at_a_task(open_tab, make_user, line_of):
    users = ann, bob = make_user(), make_user()
    anns, bobs = tabs = [open_tab(user) for user in users]
    line = line_of(anns)
    task = create(anns)["id"]
    for tab in tabs:
        tab.listen()
        tab.run("live.presence(given)", task)
    sees(anns, task, bob)
    sees(bobs, task, ann)

    line.cut()
    anns.run("heard.presence.length = 0")
    line.mend()
    sees(anns, task, bob)
    bobs.run("live.presence(null)")

    anns.page.wait_for_function("(id) => !heard.presence.at(-1).users.includes(id)", arg=bob.id)


def test_a_token_that_has_expired_is_renewed_for_the_ticket(shared_tab):
    shared_tab.run("shared.set({ ...shared.get(), access: 'stale' })")

    shared_tab.listen()
    create(shared_tab)

    assert titles(shared_tab.heard("events", 1)) == ["Fence"]
    assert shared_tab.heard("tokens", 1)[-1] == shared_tab.run("return shared.get()")


def test_it_goes_on_with_a_new_login_when_the_old_one_ends(open_tab, make_user):
    user = make_user()
    tab = open_tab(user)
    tab.listen()

    tab.run("await tms.signIn(...given)", [user.username, PASSWORD])
    tab.request("POST", "/api/token/revoke", body={"refresh": user.refresh})
    states = tab.heard("states", 4)
    tab.wait_for_state("open")
    create(tab)

    assert (states[2]["state"], states[2]["code"]) == ("waiting", 4401)
    assert titles(tab.heard("events", 1)) == ["Fence"]


def test_it_gives_up_when_the_login_has_ended(tab):
    tab.listen()

    tab.run("await tms.signOut()")
    (error,) = tab.heard("errors", 1)

    assert error["status"] == 401
    assert tab.run("return live.state") == "closed"


def test_it_gives_up_on_a_filter_that_is_not_understood(tab):
    tab.run("listen({ filter: { status: 'LOST' } })")

    (error,) = tab.heard("errors", 1)

    assert (error["status"], error["errors"][0]["field"]) == (400, "status")
    assert tab.run("return live.state") == "closed"


def test_it_comes_back_when_a_busy_server_says_and_no_earlier(tab):
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


def test_it_tries_at_once_when_the_network_is_back(tab):
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


def test_a_connection_that_has_gone_silent_is_made_anew(tab):
    task = create(tab)["id"]
    answers = []

    def swallow_pings_of_the_first(socket):
        answers.append([])
        said, number, server = answers[-1], len(answers), socket.connect_to_server()
        socket.on_message(lambda message: None if number == 1 and "ping" in message else server.send(message))
        server.on_message(lambda message: (said.append(message), socket.send(message)))

    tab.page.route_web_socket("**/ws/tasks/**", swallow_pings_of_the_first)
    tab.stop_time()
    tab.listen()
    tab.page.clock.run_for(25_000)
    tab.page.clock.run_for(10_000)
    tab.wait_for_state("waiting")
    tab.page.clock.run_for(1_000)
    tab.wait_for_state("open")
    tab.page.clock.run_for(25_000)
    # Answered behind the ping.
    tab.run("live.presence(given)", task)
    tab.heard("presence", 1)
    tab.page.clock.run_for(20_000)

    assert [json.loads(said[0])["type"] for said in answers[1:]] == ["pong"]
    assert tab.run("return live.state") == "open"


def test_one_that_is_closed_stays_closed(tab):
    tab.listen()

    tab.run("live.close()")
    tab.come_online()
    tab.listen(filter={"created_by": "me"})
    create(tab)
    events = tab.heard("events", 1)

    assert [note["state"] for note in tab.heard("states", 5)] == ["connecting", "open", "closed", "connecting", "open"]
    assert len(events) == 1


def test_one_that_is_closed_at_once_never_connects(tab):
    sockets = []
    tab.page.on("websocket", lambda socket: sockets.append(socket))

    tab.run("listen(); live.close()")
    tab.listen()

    assert len(sockets) == 1
    assert [note["state"] for note in tab.heard("states", 4)] == ["connecting", "closed", "connecting", "open"]


def test_the_example_of_the_documentation_works(context, origin, api, make_user):
    make_user("ann")
    (example,) = re.findall(r"```html\n(.*?)```", DOCS.read_text(), re.DOTALL)
    page = context.new_page()
    page.route("**/page.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(f"{origin}/page.html")

    with page.expect_response(lambda one: one.url == f"{api}/api/task" and one.request.method == "POST") as answer:
        page.set_content(example.replace("http://localhost:8000", api))
    page.wait_for_function("document.title.endsWith(' tasks, open')")

    assert answer.value.status == 201


def test_it_works_in_node_too(api, make_user):
    user = make_user()
    options = {"api": api, "tokens": {"access": user.access, "refresh": user.refresh}}
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
