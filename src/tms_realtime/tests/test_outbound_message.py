"""Messages as WebSocket frames and as SSE events, single and batched."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from tms_realtime.clients.hub import MAX_WRITE_BYTES, batches, reset_message
from tms_realtime.clients.outbound_message import OutboundMessage

POSITIONS = st.none() | st.integers(0, 2**63 - 1)
SIZES = st.sampled_from([0, 1, 125, 126, 1000, 20_000, MAX_WRITE_BYTES // 2, 65_535, MAX_WRITE_BYTES, 200_000])


def texts_in(data: bytes) -> list[bytes]:
    """Return the messages of WebSocket data, each of which must be one unfragmented, unmasked text frame."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    texts = []
    while reader.buffer:
        parsing = Frame.parse(reader.read_exact, mask=False)
        try:
            next(parsing)
        except StopIteration as parsed:
            frame = parsed.value
        assert (frame.fin, frame.opcode, frame.rsv1) == (True, Opcode.TEXT, False)
        texts.append(bytes(frame.data))
    return texts


def events_in(data: bytes) -> list[tuple[bytes, int | None]]:
    """Return the data and ids of event stream data."""
    found = []
    *events, rest = data.split(b"\n\n")
    assert rest == b""
    for event in events:
        fields = dict(line.split(b": ", 1) for line in event.split(b"\n"))
        assert fields.keys() <= {b"id", b"data"}
        found.append((fields[b"data"], int(fields[b"id"]) if b"id" in fields else None))
    return found


@given(size=SIZES, position=POSITIONS)
def test_a_message_is_one_text_frame_or_one_event(size, position):
    message = OutboundMessage(b"x" * size, position)

    assert texts_in(message.frame) == [b"x" * size]
    assert events_in(message.event) == [(b"x" * size, position)]
    assert message.count == 1


@given(sizes=st.lists(SIZES, max_size=30))
def test_batches_keep_all_messages_in_order_and_are_of_limited_size(sizes):
    messages = [OutboundMessage(b"%d:" % number + b"x" * size, number) for number, size in enumerate(sizes)]

    writes = list(batches(messages))

    assert [part for write in writes for part in write.parts] == [
        part for message in messages for part in message.parts
    ]
    for write in writes:
        assert texts_in(write.frame) == [text for text, _position in write.parts]
        assert events_in(write.event) == list(write.parts)
        assert write.count == len(write.parts)
        assert len(write.frame) <= MAX_WRITE_BYTES or write.count == 1
    for one, following in pairwise(writes):
        assert len(one.frame) + len(texts_in(following.frame)[0]) > MAX_WRITE_BYTES - 10


def test_a_reset_has_the_position_to_resume_from():
    assert reset_message(7).parts == ((b'{"type":"reset","event_id":7}', 7),)
