"""Requests of the JavaScript client, from pages of another origin, to real and to scripted servers."""

import json
from urllib.parse import parse_qs, urlsplit

from tms_testing.fixtures import PASSWORD

STALE = "const { refresh } = shared.get(); shared.set({ access: 'stale', refresh })"


def asked(path, *tabs):
    """Records the requests to a path from now on, except preflight requests."""
    found = []
    for tab in tabs:
        tab.page.on("request", lambda one: found.append(one) if path in one.url and one.method != "OPTIONS" else None)
    return found


def busy(status, seconds):
    """Return a response that asks for a later retry, for `route.fulfill`."""
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
    return {"status": status, "json": {"detail": "Later."}, "headers": {**headers, "Retry-After": str(seconds)}}


def test_a_page_signs_in_and_sends_requests(open_tab, add_user):
    tab, user = open_tab(), add_user()

    tab.run("await tms.signIn(...given)", [user.username, PASSWORD])

    assert tab.request("GET", "/api/users/me")["id"] == user.id
    assert [set(tokens) for tokens in tab.received("tokens", 1)] == [{"access", "refresh"}]


def test_a_wrong_password_is_rejected_without_retries(open_tab, add_user):
    tab = open_tab()
    requests = asked("/api/token", tab)

    error = tab.refusal("tms.signIn(...given)", [add_user().username, "wrong password"])

    assert (error["name"], error["status"]) == ("TmsError", 401)
    assert error["detail"] == error["message"] == "Wrong user name or password, or the account is not active."
    assert len(requests) == 1


def test_signing_out_ends_the_session_in_page_and_server(shared_tab):
    refresh = shared_tab.run("return shared.get().refresh")

    shared_tab.run("await tms.signOut()")

    assert shared_tab.run("return [shared.get(), received.tokens.at(-1)]") == [None, None]
    assert shared_tab.refusal("tms.request('GET', '/api/users/me')")["status"] == 401
    body = {"refresh": refresh}
    assert shared_tab.refusal("tms.request('POST', '/api/token/refresh', { body: given })", body)["status"] == 401


def test_all_tasks_are_read_page_by_page(tab):
    operations = [{"op": "create", "task": {"title": f"Task {number}"}} for number in range(5)]
    tab.request("POST", "/api/task/bulk", body={"operations": operations})
    requests = asked("/api/task", tab)

    titles = tab.run(
        "const found = [];for await (const task of tms.tasks(given)) found.push(task.title);return found;",
        {"created_by": "me", "status": ["PENDING", "IN_PROGRESS"], "ordering": "id", "page_size": 2, "q": None},
    )

    assert titles == [f"Task {number}" for number in range(5)]
    assert len(requests) == 3


def test_every_fault_of_a_body_is_reported(tab):

    error = tab.refusal("tms.request('POST', '/api/task', { body: given })", {"title": "", "priority": "NONE"})

    assert error["status"] == 400
    assert {fault["field"] for fault in error["errors"]} == {"title", "priority"}


def test_a_creation_with_a_lost_response_is_executed_once(tab):
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


def test_a_change_with_a_lost_response_is_not_repeated(tab):
    attempts = []
    tab.page.route("**/api/task/1", lambda route: (attempts.append(route), route.abort()))

    error = tab.refusal("tms.request('PATCH', '/api/task/1', { body: { title: 'Twice' } })")

    assert (error["status"], len(attempts)) == (0, 1)


def test_retries_end_without_a_response(tab):
    attempts = []
    tab.page.route("**/api/task", lambda route: (attempts.append(route), route.abort()))

    error = tab.refusal("tms.request('GET', '/api/task', { tries: 3 })")

    assert (error["status"], error["detail"], len(attempts)) == (0, "The server does not respond.", 3)


def test_retries_wait_for_the_retry_after_of_a_busy_server(tab):
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


def test_a_long_retry_after_fails_at_once(tab):
    tab.page.route("**/api/task", lambda route: route.fulfill(**busy(503, 3600)))

    assert tab.refusal("tms.request('GET', '/api/task')")["status"] == 503


def test_a_request_can_be_aborted(tab):
    tab.page.route("**/api/task", lambda route: route.fulfill(**busy(503, 20)))

    tab.stop_time()

    tab.run("globalThis.stop = new AbortController()")
    tab.run("globalThis.asked = outcome(tms.request('GET', '/api/task', { signal: stop.signal }))")
    tab.page.wait_for_function("pauses.length === 1")
    tab.run("stop.abort()")

    assert tab.run("return asked")["error"]["name"] == "AbortError"


def test_the_token_is_sent_to_no_other_host(tab):

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


def test_an_ended_session_is_reported(shared_tab):
    tab = shared_tab
    tab.run("await tms.request('POST', '/api/token/revoke', { body: { refresh: shared.get().refresh } })")
    tab.run(STALE)

    error = tab.refusal("tms.request('GET', '/api/users/me')")

    assert error["status"] == 401
    assert tab.run("return [shared.get(), received.tokens.at(-1)]") == [None, None]


def test_a_response_other_than_json_is_returned_as_text(tab):
    assert tab.request("GET", "/tms-client.js").startswith("/**")


def test_a_concurrent_sign_in_is_kept(shared_tab, add_user):
    tab, user = shared_tab, add_user()
    tab.run("await tms.request('POST', '/api/token/revoke', { body: { refresh: shared.get().refresh } })")
    tab.run(STALE)

    tab.run("globalThis.late = outcome(tms.request('GET', '/api/users/me'))")
    tab.run("await tms.signIn(...given); await late", [user.username, PASSWORD])

    assert tab.request("GET", "/api/users/me")["id"] == user.id


def test_listening_requires_a_signed_in_user(open_tab):
    tab = open_tab()

    tab.run("listen()")

    assert tab.received("errors", 1)[0]["status"] == 401


def test_an_invalid_position_is_rejected_at_once(tab):
    errors = [tab.refusal("(async () => listen({ since: given }))()", since) for since in (-1, 1.5, "7")]

    assert [error["name"] for error in errors] == ["TypeError"] * 3


def test_events_before_the_subscriptions_apply_are_left_to_the_resumption(tab):
    sent_messages = []

    def respond(socket, message):
        sent_messages.append(json.loads(message))
        pongs = sum(one["type"] == "ping" for one in sent_messages)
        if sent_messages[-1]["type"] == "ping":
            socket.send('{"type": "pong"}')
        if pongs == 1:
            # It is unclear whether this event precedes the resumption.
            socket.send('{"task_id": 1, "event": "updated", "event_id": 10, "match": "stay"}')
        if pongs == 4:
            for number in (7, 9, 10):
                socket.send(json.dumps({"task_id": 1, "event": "updated", "event_id": number, "match": "stay"}))

    def begin(socket):
        socket.on_message(lambda message: respond(socket, message))
        socket.send('{"task_id": 1, "event": "updated", "event_id": 9}')

    tab.page.route_web_socket("**/ws/tasks/**", begin)
    tab.run(
        "listen({ since: 6 }); for (const status of given) live.subscribe({ status }, 'board')", ["LOST", "PENDING"]
    )

    events = tab.received("events", 3)

    again = [{"type": "ping"}, {"type": "resume", "since": 6}, {"type": "ping"}]
    assert [(event["event_id"], event["match"]) for event in events] == [(7, "stay"), (9, "stay"), (10, "stay")]
    assert sent_messages[0] == {"type": "unsubscribe"}
    assert sent_messages[1:] == [{"type": "subscribe", "id": "board", "filter": {"status": "PENDING"}}, *again, *again]


def test_changes_while_connecting_are_applied(tab):
    sent_messages = []

    def respond(socket, message):
        sent_messages.append(json.loads(message))
        if sent_messages[-1]["type"] == "ping":
            socket.send('{"type": "pong"}')
        if len(sent_messages) == 4:
            socket.send('{"task_id": 1, "event": "updated", "event_id": 7}')

    tab.page.route_web_socket("**/ws/tasks/**", lambda socket: socket.on_message(lambda text: respond(socket, text)))
    tab.run("""
        globalThis.WebSocket = class extends WebSocket {
            constructor(address) {
                super(address);
                live.unsubscribe();
            }
        };
        listen({ since: 6, filter: { created_by: "none" } });
    """)

    assert [event["event_id"] for event in tab.received("events", 1)] == [7]
    assert sent_messages == [
        {"type": "unsubscribe"},
        {"type": "ping"},
        {"type": "resume", "since": 6},
        {"type": "ping"},
    ]


def test_older_events_are_dropped_and_missed_ones_are_requested(tab):
    addresses = []

    def send_events(socket):
        addresses.append(parse_qs(urlsplit(socket.url).query))
        for number in (7, 8, 8, 7, 9) if len(addresses) == 1 else (9, 10):
            socket.send(json.dumps({"task_id": 1, "event": "updated", "event_id": number}))
        if len(addresses) == 1:
            socket.close(code=1001)

    tab.page.route_web_socket("**/ws/tasks/**", send_events)
    tab.run("listen({ since: 6, filter: { status: ['PENDING', 'COMPLETED'], priority: null } })")

    assert [event["event_id"] for event in tab.received("events", 4)] == [7, 8, 9, 10]
    assert [address["since"] for address in addresses] == [["6"], ["9"]]
    assert [address["status"] for address in addresses] == [["PENDING,COMPLETED"]] * 2
    assert addresses[0]["ticket"] != addresses[1]["ticket"]
