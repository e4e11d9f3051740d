"""Commands of clients and their responses."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
TYPES = st.sampled_from(["ping", "subscribe", "unsubscribe", "resume", "presence", "watch", "reset"])
KEYS = st.sampled_from(["id", "filter", "since", "task_id"])
FILTER_KEYS = st.sampled_from(["status", "priority", "assigned_to", "created_by", "due_date", "due_date_gt", "q"])
MESSAGES = st.builds(
    lambda kind, more: {"type": kind, **more},
    TYPES,
    st.dictionaries(KEYS, JSON | st.dictionaries(FILTER_KEYS, JSON)),
)


def test_a_ping_is_answered_by_a_pong(make_client):
    assert make_client().command(type="ping") == {"type": "pong"}
    assert make_client(None).command(type="ping", id=7) == {"type": "pong"}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"NaN", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"ping"', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "type must be a string"),
        (b'{"type": 1}', "type must be a string"),
        (b'{"type": null}', "type must be a string"),
        (b'{"type": "pong"}', "unknown type 'pong'"),
        (b'{"type": "Ping"}', "unknown type 'Ping'"),
    ],
)
def test_invalid_messages_get_an_error_with_the_known_commands(payload, message, make_client):
    reply = make_client().send(payload)

    assert reply["type"] == "error"
    assert message in reply["message"]
    assert "ping" in reply["message"]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"type": "subscribe", "filter": None}, ["filter must be an object"]),
        ({"type": "subscribe", "filter": []}, ["filter must be an object"]),
        ({"type": "subscribe", "filter": "status"}, ["filter must be an object"]),
        ({"type": "subscribe", "filter": {"status": ["DONE"]}}, ["filter.status must be one of PENDING"]),
        ({"type": "subscribe", "filter": {"status": {"a": 1}}}, ["filter.status must be a string"]),
        ({"type": "subscribe", "filter": {"status": [["PENDING"]]}}, ["filter.status must be a string"]),
        ({"type": "subscribe", "filter": {"priority": True}}, ["filter.priority must be a string"]),
        ({"type": "subscribe", "filter": {"priority": None}}, ["filter.priority must be one of"]),
        ({"type": "subscribe", "filter": {"assigned_to": 1.5}}, ["filter.assigned_to must be a string"]),
        ({"type": "subscribe", "filter": {"assigned_to": -1}}, ["filter.assigned_to must be a user's id"]),
        ({"type": "subscribe", "filter": {"assigned_to": 2**63}}, ["filter.assigned_to must be a user's id"]),
        ({"type": "subscribe", "filter": {"created_by": "ann"}}, ["filter.created_by must be a user's id"]),
        ({"type": "subscribe", "filter": {"due_date": "today"}}, ["filter.due_date must be YYYY-MM-DD"]),
        ({"type": "subscribe", "filter": {"due_date_gt": None}}, ["filter.due_date_gt must be YYYY-MM-DD"]),
        ({"type": "subscribe", "filter": {"q": "fence"}}, ["filter.q is not a filter", "due_date_lte"]),
        ({"type": "subscribe", "filter": {"title": "x", "status": 7}}, ["filter.title is not a filter"]),
        ({"type": "subscribe", "filter": {"status": "no", "created_by": 0}}, ["filter.status", "filter.created_by"]),
        ({"type": "subscribe", "id": ""}, ["id must be a string"]),
        ({"type": "subscribe", "id": 7}, ["id must be a string"]),
        ({"type": "subscribe", "id": "x" * 101}, ["id must be a string"]),
        ({"type": "unsubscribe", "id": []}, ["id must be a string"]),
        ({"type": "unsubscribe", "id": "board"}, ["there is no subscription 'board'"]),
        ({"type": "resume"}, ["since must be an integer of at least 0"]),
        ({"type": "resume", "since": None}, ["since must be"]),
        ({"type": "resume", "since": -1}, ["since must be"]),
        ({"type": "resume", "since": "7"}, ["since must be"]),
        ({"type": "resume", "since": 7.0}, ["since must be"]),
        ({"type": "resume", "since": True}, ["since must be"]),
        ({"type": "resume", "since": 2**63}, ["since must be"]),
        ({"type": "presence"}, ["task_id must be an integer of at least 1"]),
        ({"type": "presence", "task_id": 0}, ["task_id must be"]),
        ({"type": "presence", "task_id": "7"}, ["task_id must be"]),
        ({"type": "presence", "task_id": False}, ["task_id must be"]),
        ({"type": "presence", "task_id": 2**63}, ["task_id must be"]),
        ({"type": "watch"}, ["tasks must be a list of integers of at least 1"]),
        ({"type": "watch", "tasks": 7}, ["tasks must be"]),
        ({"type": "watch", "tasks": [7, True]}, ["tasks must be"]),
        ({"type": "watch", "tasks": [7, 0]}, ["tasks must be"]),
        ({"type": "watch", "tasks": [*range(1, 202)]}, ["a connection watches at most 200 tasks"]),
    ],
)
def test_an_invalid_command_gets_one_error_that_names_all_faults(fields, names, make_client):
    one = make_client()

    reply = one.command(**fields)

    assert reply["type"] == "error"
    for name in names:
        assert name in reply["message"]
    assert one.wire.sent == []
    assert one.context.hub.clients() == [one.connection]


@pytest.mark.parametrize("fields", ["me", ["2", "me"], "2, me"])
@pytest.mark.parametrize("name", ["assigned_to", "created_by"])
def test_an_anonymous_client_cannot_use_me(fields, name, make_client):
    reply = make_client(None).command(type="subscribe", filter={name: fields})

    assert reply == {"type": "error", "message": f"filter.{name} cannot be me: this client is anonymous"}


def test_an_anonymous_client_has_no_presence(make_client):
    for task_id in (7, None):
        reply = make_client(None).command(type="presence", task_id=task_id)
        assert reply == {"type": "error", "message": "presence requires a signed-in client"}


def test_binary_messages_are_rejected(make_client):
    reply = make_client().send(b'{"type": "ping"}', is_binary=True)

    assert reply["type"] == "error"
    assert reply["message"].startswith("binary messages")


@pytest.mark.parametrize("fields", [{"type": "x" * 60_000}, {"type": "subscribe", "filter": {"x" * 60_000: 1}}])
def test_a_long_name_is_shortened_in_the_error(fields, make_client):
    assert len(make_client().command(**fields)["message"]) < 300


@given(payload=st.binary(max_size=64) | (JSON | MESSAGES).map(orjson.dumps), is_binary=st.booleans(), data=st.data())
def test_no_message_raises_and_every_response_is_a_control_message(payload, is_binary, data, make_client, run):
    async def scenario():
        one = make_client(data.draw(st.sampled_from([7, None])))
        return one.send(payload, is_binary=is_binary), one.wire.codes

    reply, codes = run(scenario())

    assert reply is None or reply["type"] in {"pong", "error", "subscribed", "unsubscribed"}
    assert reply is None or "task_id" not in reply
    assert codes == []
