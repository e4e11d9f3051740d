from collections.abc import Iterator

from tms_core.doctor.findings import Finding, bad, fine, warning
from tms_core.event_log.leadership import is_led
from tms_core.relay.lag import Lag, sink_lags, unassigned
from tms_core.runtime import Runtime

# Maximum age of waiting events; a batch in progress is not a problem.
TOLERATED_SECONDS = 10.0
LOG = "see the log of tms relay."


def check_relay(runtime: Runtime) -> Iterator[Finding]:
    with runtime.engine.connect() as connection:
        leads = is_led(connection)
        waiting = unassigned(connection)
        lags = sink_lags(connection)
    faults = list(_about_numbering(waiting, leads=leads, has_run=bool(lags)))
    for sink in runtime.registry.sinks:
        # If no relay runs, that is reported already.
        faults += _about_sink(sink, lags.get(sink)) if leads or sink in lags else ()
    yield from faults or [fine(f"leads; sinks: {', '.join(runtime.registry.sinks)}")]


def _about_numbering(waiting: Lag, *, leads: bool, has_run: bool) -> Iterator[Finding]:
    if not leads:
        what = "no relay runs" if has_run else "no relay has run yet"
        wait = f", and {_events(waiting)} wait to be pushed and mailed" if waiting.events else ""
        yield bad(f"{what}{wait}", "start tms relay (tms up and tms.target start it too).")
    elif waiting.seconds > TOLERATED_SECONDS:
        yield bad(f"{_amount(waiting)} have no position yet", LOG)


def _about_sink(sink: str, lag: Lag | None) -> Iterator[Finding]:
    if lag is None:
        yield warning(f"the sink {sink} has not started yet", "restart tms relay.")
    elif lag.seconds > TOLERATED_SECONDS:
        yield warning(f"the sink {sink} is {_amount(lag)} behind", LOG)


def _amount(lag: Lag) -> str:
    return f"{_events(lag)}, {lag.seconds:.0f} s,"


def _events(lag: Lag) -> str:
    return f"{lag.events} event{'' if lag.events == 1 else 's'}"
