from collections.abc import Iterator

from tms_core.doctor.findings import Finding, bad, fine, warning
from tms_core.relay.lag import Lag, sink_lags, unnumbered
from tms_core.relay.leadership import is_led
from tms_core.runtime import Runtime

# A batch that is under way is no fault.
TOLERATED_SECONDS = 10.0


def check_relay(runtime: Runtime) -> Iterator[Finding]:
    with runtime.engine.connect() as connection:
        leads = is_led(connection)
        waiting = unnumbered(connection)
        lags = sink_lags(connection)
    faults = list(_about_numbering(waiting, leads=leads))
    for sink in runtime.sinks:
        faults += _about_sink(sink, lags.get(sink))
    yield from faults or [fine(f"leads; sinks: {', '.join(runtime.sinks)}")]


def _about_numbering(waiting: Lag, *, leads: bool) -> Iterator[Finding]:
    if not leads:
        yield bad(f"no relay runs, and {_events(waiting)} wait to be pushed and mailed: start tms relay.")
    elif waiting.seconds > TOLERATED_SECONDS:
        yield bad(f"{_amount(waiting)} have not been numbered: look at the log of tms relay.")


def _about_sink(sink: str, lag: Lag | None) -> Iterator[Finding]:
    if lag is None:
        yield warning(f"the sink {sink} has not started yet: restart tms relay.")
    elif lag.seconds > TOLERATED_SECONDS:
        yield warning(f"the sink {sink} is {_amount(lag)} behind: the log of tms relay says why.")


def _amount(lag: Lag) -> str:
    return f"{_events(lag)}, {lag.seconds:.0f} s,"


def _events(lag: Lag) -> str:
    return f"{lag.events} event{'' if lag.events == 1 else 's'}"
