import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_realtime.control import answer, refuse_replay

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def answered(payload: bytes, *, is_binary: bool = False) -> dict:
    return orjson.loads(answer(payload, is_binary=is_binary))


def test_a_ping_is_answered_by_a_pong():
    assert answered(b'{"type": "ping"}') == {"type": "pong"}
    assert answered(b'{"type": "ping", "id": 7}') == {"type": "pong"}


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
        (b'{"type": "pong"}', "unknown type 'pong'"),
        (b'{"type": "subscribe", "filter": {}}', "subscribe is not supported yet"),
        (b'{"type": "resume", "since": 4}', "resume is not supported yet"),
    ],
)
def test_nonsense_is_answered_by_an_error_that_says_what_is_understood(payload, message):
    reply = answered(payload)

    assert reply["type"] == "error"
    assert reply["message"].startswith(message)
    assert '{"type": "ping"}' in reply["message"]


def test_binary_messages_are_refused():
    assert answered(b'{"type": "ping"}', is_binary=True)["message"].startswith("binary messages")


def test_a_long_word_is_not_sent_back_whole():
    assert len(answer(orjson.dumps({"type": "x" * 60_000}), is_binary=False)) < 200


def test_a_client_that_wants_a_replay_is_told_that_there_is_none():
    assert orjson.loads(refuse_replay())["type"] == "error"


@given(payload=st.binary(max_size=64) | JSON.map(orjson.dumps), is_binary=st.booleans())
def test_every_answer_is_a_control_message(payload, is_binary):
    reply = answered(payload, is_binary=is_binary)

    assert reply["type"] in {"pong", "error"}
    assert "task_id" not in reply
