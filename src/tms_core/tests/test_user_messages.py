"""The encoding of messages to users; the realtime package tests their delivery."""

import pytest

from tms_core.user_messages import decode, decode_all, encode

MESSAGE = {"type": "notification", "id": 7, "unread": 2, "task": 42}


def test_a_message_is_decoded_as_it_was_encoded():
    assert decode(encode(3, MESSAGE)) == (3, MESSAGE)


def test_several_messages_are_decoded_in_order():
    text = {"type": "journal", "text": "two\nlines"}

    assert decode_all(encode(3, MESSAGE) + b"\n" + encode(4, text)) == [(3, MESSAGE), (4, text)]


@pytest.mark.parametrize("message", [{}, {"type": 1}, {"type": "x", "task_id": 42}])
def test_a_message_that_clients_would_take_for_an_event_is_rejected(message):
    with pytest.raises(ValueError, match="task_id"):
        encode(3, message)


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"[]", b"{}", b'{"user": "3", "message": {"type": "x"}}', b'{"user": 3, "message": {}}']
)
def test_foreign_data_is_rejected(data):
    with pytest.raises(ValueError):
        decode(data)
