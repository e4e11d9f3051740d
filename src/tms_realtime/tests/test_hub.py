import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.access_tokens import AccessClaims
from tms_core.permissions import Actor, may_see
from tms_realtime.envelope import Envelope
from tms_realtime.hub import Hub, actor_of

USERS = st.integers(1, 4)
NOBODY_OR_USER = st.none() | USERS
ACTORS = st.none() | st.builds(Actor, USERS, st.booleans())
VISIBILITIES = st.sampled_from(["team", "private"])


class Ear:
    """A client that remembers the frames it got."""

    def __init__(self, actor: Actor | None):
        self.claims = actor and AccessClaims(actor.id, actor.is_admin, "session", 0, float("inf"))
        self.frames: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)

    def end(self, code: int, reason: str) -> None:
        raise AssertionError("the hub closes nobody")

    @property
    def heard(self) -> list[dict]:
        return [orjson.loads(frame[frame.index(b"{") :]) for frame in self.frames]


def joined(hub: Hub, *actors: Actor | None) -> list[Ear]:
    ears = [Ear(actor) for actor in actors]
    for ear in ears:
        hub.join(ear)
    return ears


@given(
    visibility=VISIBILITIES,
    actors=st.lists(ACTORS, max_size=8),
    before=st.tuples(USERS, NOBODY_OR_USER),
    after=st.tuples(USERS, NOBODY_OR_USER),
)
def test_one_hears_what_one_may_see_and_once_that_one_may_no_longer(visibility, actors, before, after, event):
    changes = {
        field: [old, new]
        for field, old, new in zip(("created_by", "assigned_to"), before, after, strict=True)
        if old != new
    }
    hub = Hub(visibility)
    ears = joined(hub, *actors)

    hub.publish(Envelope.of(event(created_by=after[0], assigned_to=after[1], changes=changes)))

    def sees(actor: Actor | None, task: tuple[int, int | None]) -> bool:
        if actor is None:
            return visibility == "team"
        return may_see(actor, visibility, created_by=task[0], assigned_to=task[1])

    for ear in ears:
        actor = actor_of(ear)
        expected = ["updated"] if sees(actor, after) else ["deleted"] if sees(actor, before) else []
        assert [message["event"] for message in ear.heard] == expected


def test_a_message_is_framed_once_for_all_who_get_it(event):
    hub = Hub("private")
    ears = joined(hub, Actor(1), Actor(1), Actor(2), Actor(9, is_admin=True))

    hub.publish(Envelope.of(event(created_by=1, assigned_to=2)))

    assert len({id(ear.frames[0]) for ear in ears}) == 1


def test_event_ids_rise_on_a_connection_whatever_is_delivered_twice(event):
    hub = Hub("team")
    (ear,) = joined(hub, None)

    for position in (5, 6, 6, 5, 7, 3, 9):
        hub.publish(Envelope.of(event(position=position)))

    assert [message["event_id"] for message in ear.heard] == [5, 6, 7, 9]


def test_what_was_before_the_process_is_not_sent(event):
    hub = Hub("team", position=10)
    (ear,) = joined(hub, None)

    hub.publish(Envelope.of(event(position=10)))

    assert ear.frames == []


def test_who_has_left_hears_nothing(event):
    hub = Hub("team")
    stays, leaves = joined(hub, Actor(1), Actor(1))

    hub.leave(leaves)
    hub.leave(leaves)
    hub.publish(Envelope.of(event()))

    assert (len(stays.frames), len(leaves.frames)) == (1, 0)
    assert hub.clients() == [stays]


def test_nothing_is_kept_of_those_who_left(event):
    hub = Hub("private")
    ears = joined(hub, None, Actor(1), Actor(1, is_admin=True))

    for ear in ears:
        hub.leave(ear)
    hub.publish(Envelope.of(event(created_by=1)))

    assert len(hub) == 0
    assert not any(ear.frames for ear in ears)


def test_one_who_leaves_while_being_sent_to_harms_nobody(event):
    hub = Hub("team")

    class TooSlow(Ear):
        def send(self, frame: bytes) -> None:
            hub.leave(self)

    slow = [TooSlow(None) for _ in range(3)]
    for client in slow:
        hub.join(client)
    (other,) = joined(hub, None)

    hub.publish(Envelope.of(event()))

    assert len(other.frames) == 1
    assert hub.clients() == [other]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_is_one_unmasked_text_message(size):
    from websockets.frames import Frame
    from websockets.streams import StreamReader

    from tms_realtime.framing import text_frame

    reader = StreamReader()
    reader.feed_data(text_frame(b"x" * size))
    parsing = Frame.parse(reader.read_exact, mask=False)

    with pytest.raises(StopIteration) as parsed:
        next(parsing)

    frame = parsed.value.value
    assert (frame.fin, frame.opcode.name, len(frame.data)) == (True, "TEXT", size)
