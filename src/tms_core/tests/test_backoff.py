from hypothesis import given
from hypothesis import strategies as st

from tms_core.backoff import Backoff

POSITIVE = st.floats(0.001, 10_000)


def test_the_delay_doubles_up_to_the_maximum():
    backoff = Backoff(first=0.25, max_delay=3)

    assert [backoff.delay(failures) for failures in range(1, 7)] == [0.25, 0.5, 1, 2, 3, 3]


@given(first=POSITIVE, longest=POSITIVE, failures=st.integers(0, 10**9))
def test_a_pause_stays_within_the_jitter_of_its_delay(first, longest, failures):
    backoff = Backoff(first, longest, jitter=(0.8, 1.2))

    delay = backoff.delay(failures)

    assert min(first, longest) <= delay <= longest
    assert 0.8 * delay <= backoff.pause(failures) <= 1.2 * delay


def test_pauses_differ():
    backoff = Backoff(first=1, max_delay=60)

    assert len({backoff.pause(3) for _ in range(20)}) > 1
