"""The JavaScript client's requests, from pages of another origin, and what it says to servers that follow a script."""

import json
from urllib.parse import parse_qs, urlsplit

from tms_testing.fixtures import PASSWORD

STALE = "const { refresh } = shared.get(); shared.set({ access: 'stale', refresh })"


def asked(path, *tabs):
    """The requests to a path, from now on; not those that ask whether one may ask."""
    found = []
    for tab in tabs:
        tab.page.on("request", lambda one: found.append(one) if path in one.url and one.method != "OPTIONS" else None)
    return found


def busy(status, seconds):
    """An answer that says to come back later, as page.route takes it."""
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
    return {"status": status, "json": {"detail": "Later."}, "headers": {**headers, "Retry-After": str(seconds)}}


def test_a_page_signs_in_and_asks(open_tab, make_user):
    tab, user = open_tab(), make_user()

    tab.run("await tms.signIn(...given)", [user.username, PASSWORD])

    assert tab.request("GET", "/api/users/me")["id"] == user.id
    assert [set(tokens) for tokens in tab.heard("tokens", 1)] == [{"access", "refresh"}]


def test_a_wrong_password_is_refused_once(open_tab, make_user):
    tab = open_tab()
    requests = asked("/api/token", tab)

    error = tab.refusal("tms.signIn(...given)", [make_user().username, "wrong password"])

    assert (error["name"], error["status"]) == ("TmsError", 401)
    assert error["detail"] == error["message"] == "User name and password do not fit, or the account is not active."
    assert len(requests) == 1


def test_signing_out_ends_the_login_here_and_there(shared_tab):
    refresh = shared_tab.run("return shared.get().refresh")

    shared_tab.run("await tms.signOut()")

    assert shared_tab.run("return [shared.get(), heard.tokens.at(-1)]") == [None, None]
    assert shared_tab.refusal("tms.request('GET', '/api/users/me')")["status"] == 401
    body = {"refresh": refresh}
    assert shared_tab.refusal("tms.request('POST', '/api/token/refresh', { body: given })", body)["status"] == 401


def test_all_tasks_come_page_by_page(tab):
    operations = [{"op": "create", "task": {"title": f"Task {number}"}} for number in range(5)]
    tab.request("POST", "/api/task/bulk", body={"operations": operations})
    requests = asked("/api/task", tab)

    titles = tab.run(
        "const found = [];for await (const task of tms.tasks(given)) found.push(task.title);return found;",
        {"created_by": "me", "status": ["PENDING", "IN_PROGRESS"], "ordering": "id", "page_size": 2, "q": None},
    )

    assert titles == [f"Task {number}" for number in range(5)]
    assert len(requests) == 3


def test_every_fault_of_a_body_is_told(tab):

    error = tab.refusal("tms.request('POST', '/api/task', { body: given })", {"title": "", "priority": "NONE"})

    assert error["status"] == 400
    assert {fault["field"] for fault in error["errors"]} == {"title", "priority"}


def test_a_creation_whose_answer_was_lost_is_done_once(tab):
    answers = []

    def lose_the_first(route):
        answers.append(route.fetch())
        if len(answers) == 1:
            route.abort()
        else:
            route.fulfill(response=answers[-1])

    tab.page.route("**/api/task", lose_the_first)

    created = tab.request("POST", "/api/task", body={"title": "Once"})

    tab.page.unroute_all()
    assert [one.status for one in answers] == [201, 201]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert tab.request("GET", "/api/task", params={"created_by": "me"})["results"] == [created]


def test_a_change_whose_answer_was_lost_is_not_repeated(tab):
    attempts = []
    tab.page.route("**/api/task/1", lambda route: (attempts.append(route), route.abort()))

    error = tab.refusal("tms.request('PATCH', '/api/task/1', { body: { title: 'Twice' } })")

    assert (error["status"], len(attempts)) == (0, 1)


def test_it_gives_up_where_nobody_ever_answers(tab):
    attempts = []
    tab.page.route("**/api/task", lambda route: (attempts.append(route), route.abort()))

    error = tab.refusal("tms.request('GET', '/api/task', { tries: 3 })")

    assert (error["status"], error["detail"], len(attempts)) == (0, "The server does not answer.", 3)


def test_it_waits_for_as_long_as_a_busy_server_says(tab):
    statuses = [429, 503, 409]
    tab.page.route(
        "**/api/task/0", lambda route: route.fulfill(**busy(statuses.pop(0), 7)) if statuses else route.continue_()
    )
    tab.stop_time()

    tab.run("globalThis.asked = outcome(tms.request('PATCH', '/api/task/0', { body: { title: 'Patience' } }))")
    for number in (1, 2, 3):
        tab.page.wait_for_function("(number) => pauses.length === number", arg=number)
        tab.page.clock.run_for(8_000)

    assert tab.run("return asked")["error"]["status"] == 404
    assert all(7_000 <= pause < 8_000 for pause in tab.run("return pauses"))


def test_it_does_not_wait_for_a_server_that_is_busy_for_long(tab):
    tab.page.route("**/api/task", lambda route: route.fulfill(**busy(503, 3600)))

    assert tab.refusal("tms.request('GET', '/api/task')")["status"] == 503


def test_a_request_can_be_called_off(tab):
    tab.page.route("**/api/task", lambda route: route.fulfill(**busy(503, 20)))

    tab.stop_time()

    tab.run("globalThis.stop = new AbortController()")
    tab.run("globalThis.asked = outcome(tms.request('GET', '/api/task', { signal: stop.signal }))")
    tab.page.wait_for_function("pauses.length === 1")
    tab.run("stop.abort()")

    assert tab.run("return asked")["error"]["name"] == "AbortError"


def test_the_token_goes_nowhere_else(tab):

    assert tab.refusal("tms.request('GET', 'https://evil.example/')")["name"] == "TypeError"


def test_many_requests_with_a_stale_token_renew_it_once(shared_tab):
    tab = shared_tab
    refreshed = asked("/api/token/refresh", tab)
    tab.run(STALE)

    found = tab.run("return Promise.all([1, 2, 3, 4].map(() => tms.request('GET', '/api/users/me')))")

    assert len(found) == 4
    assert len(refreshed) == 1


def test_two_tabs_with_a_stale_token_renew_it_once(shared_tab, open_tab):
    tabs = [shared_tab, open_tab(share=True, opener=shared_tab)]
    refreshed = asked("/api/token/refresh", *tabs)
    tabs[0].run(STALE)

    for tab in tabs:
        tab.run("globalThis.asked = tms.request('GET', '/api/users/me')")
    found = [tab.run("return asked") for tab in tabs]

    assert found[0] == found[1]
    assert len(refreshed) == 1


def test_a_login_that_has_ended_is_told(shared_tab):
    tab = shared_tab
    tab.run("await tms.request('POST', '/api/token/revoke', { body: { refresh: shared.get().refresh } })")
    tab.run(STALE)

    error = tab.refusal("tms.request('GET', '/api/users/me')")

    assert error["status"] == 401
    assert tab.run("return [shared.get(), heard.tokens.at(-1)]") == [None, None]


def test_an_answer_that_is_no_json_comes_as_text(tab):
    assert tab.request("GET", "/tms-client.js").startswith("/**")


def test_somebody_who_signs_in_meanwhile_stays_signed_in(shared_tab, make_user):
    tab, user = shared_tab, make_user()
    tab.run("await tms.request('POST', '/api/token/revoke', { body: { refresh: shared.get().refresh } })")
    tab.run(STALE)

    tab.run("globalThis.late = outcome(tms.request('GET', '/api/users/me'))")
    tab.run("await tms.signIn(...given); await late", [user.username, PASSWORD])

    assert tab.request("GET", "/api/users/me")["id"] == user.id


def test_nobody_listens_who_is_not_signed_in(open_tab):
    tab = open_tab()

    tab.run("listen()")

    assert tab.heard("errors", 1)[0]["status"] == 401


def test_a_position_that_is_none_is_refused_at_once(tab):
    errors = [tab.refusal("(async () => listen({ since: given }))()", since) for since in (-1, 1.5, "7")]

    assert [error["name"] for error in errors] == ["TypeError"] * 3


def test_what_comes_before_the_subscriptions_hold_is_left_to_the_resumption(tab):
    said = []

    def obey(socket, message):
        said.append(json.loads(message))
        pongs = sum(one["type"] == "ping" for one in said)
        if said[-1]["type"] == "ping":
            socket.send('{"type": "pong"}')
        if pongs == 1:
            # Before the resumption or after it? Nobody can tell.
            socket.send('{"task_id": 1, "event": "updated", "event_id": 10, "match": "stay"}')
        if pongs == 4:
            for number in (7, 9, 10):
                socket.send(json.dumps({"task_id": 1, "event": "updated", "event_id": number, "match": "stay"}))

    def begin(socket):
        socket.on_message(lambda message: obey(socket, message))
        socket.send('{"task_id": 1, "event": "updated", "event_id": 9}')

    tab.page.route_web_socket("**/ws/tasks/**", begin)
    tab.run(
        "listen({ since: 6 }); for (const status of given) live.subscribe({ status }, 'board')", ["LOST", "PENDING"]
    )

    events = tab.heard("events", 3)

    again = [{"type": "ping"}, {"type": "resume", "since": 6}, {"type": "ping"}]
    assert [(event["event_id"], event["match"]) for event in events] == [(7, "stay"), (9, "stay"), (10, "stay")]
    assert said[0] == {"type": "unsubscribe"}
    assert said[1:] == [{"type": "subscribe", "id": "board", "filter": {"status": "PENDING"}}, *again, *again]


def test_what_is_changed_while_it_connects_holds(tab):
    said = []

    def obey(socket, message):
        said.append(json.loads(message))
        if said[-1]["type"] == "ping":
            socket.send('{"type": "pong"}')
        if len(said) == 4:
            socket.send('{"task_id": 1, "event": "updated", "event_id": 7}')

    tab.page.route_web_socket("**/ws/tasks/**", lambda socket: socket.on_message(lambda text: obey(socket, text)))
    tab.run("""
        globalThis.WebSocket = class extends WebSocket {
            constructor(address) {
                super(address);
                live.unsubscribe();
            }
        };
        listen({ since: 6, filter: { created_by: "none" } });
    """)

    assert [event["event_id"] for event in tab.heard("events", 1)] == [7]
    assert said == [{"type": "unsubscribe"}, {"type": "ping"}, {"type": "resume", "since": 6}, {"type": "ping"}]


def test_what_is_not_newer_is_dropped_and_what_is_missed_is_asked_for(tab):
    addresses = []

    def say(socket):
        addresses.append(parse_qs(urlsplit(socket.url).query))
        for number in (7, 8, 8, 7, 9) if len(addresses) == 1 else (9, 10):
            socket.send(json.dumps({"task_id": 1, "event": "updated", "event_id": number}))
        if len(addresses) == 1:
            socket.close(code=1001)

    tab.page.route_web_socket("**/ws/tasks/**", say)
    tab.run("listen({ since: 6, filter: { status: ['PENDING', 'COMPLETED'], priority: null } })")

    assert [event["event_id"] for event in tab.heard("events", 4)] == [7, 8, 9, 10]
    assert [address["since"] for address in addresses] == [["6"], ["9"]]
    assert [address["status"] for address in addresses] == [["PENDING,COMPLETED"]] * 2
    assert addresses[0]["ticket"] != addresses[1]["ticket"]
