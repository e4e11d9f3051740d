"""The message of a batch: what was encoded is decoded, and malformed data raise an expected error."""

from contextlib import suppress

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.published_batch import PublishedBatch, encode_batch

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5),
    lambda values: st.lists(values, max_size=6) | st.dictionaries(st.text(max_size=3), values, max_size=5),
    max_leaves=10,
)


@given(first=st.integers(1, 2**62), count=st.integers(1, 5), title=st.text(max_size=20))
def test_a_batch_is_decoded_as_it_was_encoded(event, first, count, title):
    envelopes = [Envelope.of(event(position=first + number, title=title)) for number in range(count)]

    data = encode_batch("relay", envelopes[-1].identity, [envelope.encode() for envelope in envelopes])

    assert PublishedBatch.decode(data) == PublishedBatch("relay", envelopes[-1].identity, envelopes)


@given(lines=st.lists(json_values.map(orjson.dumps) | st.binary(max_size=10), max_size=7))
def test_malformed_messages_raise_value_or_type_errors(lines):
    with suppress(ValueError, TypeError):
        PublishedBatch.decode(b"\n".join(lines))
