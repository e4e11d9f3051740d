"""The supervisor with real processes: each test runs one in its own interpreter, and reads its log."""

import os
import re
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tms_core.errors import ConfigurationError
from tms_core.processes.ports import require_free
from tms_local.supervisor import Backoff
from tms_local.supervisor.lines import MAX_LINE_LENGTH, LineBuffer
from tms_testing.processes import WatchedProcess

PATIENCE = 30.0
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prctl")

PRELUDE = """
import os, signal, sys
from tms_local.supervisor import Backoff, MergedLog, ProcessSpec, Supervisor

def python(name, code, **options):
    return ProcessSpec(name=name, argv=[sys.executable, "-u", "-c", code], **options)

def run(*stages, **options):
    log = MergedLog(["tms", *(spec.name for stage in stages for spec in stage)])
    options.setdefault("on_ready", lambda: log.write("all ready\\n"))
    sys.exit(Supervisor(stages, log, **options).run())

FOREVER = "import signal; print('running'); signal.pause()"
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN); print('running')\\nwhile True: signal.pause()"
"""


@pytest.fixture
def supervise() -> Iterator[Callable[[str], WatchedProcess]]:
    """Start an interpreter that calls `run` with stages of `python(name, code)`."""
    with ExitStack() as runs:
        yield lambda code: runs.enter_context(WatchedProcess([sys.executable, "-c", PRELUDE + code]))


def test_output_of_all_processes_is_merged_with_times_and_names(supervise):
    run = supervise("run([python('one', FOREVER), python('three', FOREVER)])")

    run.wait_for(r"running", count=2)

    assert re.search(r"^\d\d:\d\d:\d\d one   \| running$", run.text, re.M)
    assert re.search(r"^\d\d:\d\d:\d\d three \| running$", run.text, re.M)
    assert "\x1b[" not in run.text


def test_a_dead_process_is_restarted_with_backoff_and_logged(supervise):
    run = supervise("""
run([python('steady', FOREVER), python('weak', 'raise SystemExit(3)')],
    backoff=Backoff(first=0.05), attempts=9)
""")

    found = run.wait_for(r"weak ended with status 3; starting it again in ([\d.]+) s", count=4)

    assert [match[1] for match in found[:4]] == ["0.05", "0.1", "0.2", "0.4"]


def test_a_process_that_ran_long_enough_is_restarted_at_once(supervise):
    run = supervise(
        "run([python('weak', 'import os; os.kill(os.getpid(), 9)')], backoff=Backoff(first=0.01, healthy_after=0.0))"
    )

    found = run.wait_for(r"weak was killed by SIGKILL; starting it again in ([\d.]+) s", count=8)

    assert {match[1] for match in found} == {"0.01"}


def test_the_backoff_has_a_maximum():
    backoff = Backoff(first=0.5, longest=30.0)

    delays = [backoff.delay(failures) for failures in (0, 1, 5, 6, 10_000)]

    assert delays == [0.5, 1.0, 16.0, 30.0, 30.0]


def test_a_stage_starts_after_the_previous_is_ready_and_jobs_are_done(supervise, tmp_path):
    flag = tmp_path / "flag"
    run = supervise(f"""
is_there = lambda: os.path.exists({str(flag)!r})
run([python('base', FOREVER, is_ready=is_there)],
    [python('job', 'print(\"job done\")', once=True)],
    [python('top', FOREVER)])
""")
    run.wait_for(r"base +\| running")
    assert "job started" not in run.text

    flag.touch()
    run.wait_for("all ready")

    order = [run.text.index(what) for what in ("base started", "job started", "job done", "top started", "all ready")]
    assert order == sorted(order)


def test_a_slow_start_logs_the_missing_processes(supervise):
    run = supervise("""
run([python('quick', FOREVER), python('slow', FOREVER, is_ready=lambda: False)], notice_every=0.05)
""")

    run.wait_for("still waiting for slow\n", count=2)


def test_a_failed_job_ends_the_system_with_a_message(supervise):
    run = supervise("""
run([python('base', FOREVER)], [python('job', 'raise SystemExit(4)', once=True)], [python('top', FOREVER)])
""")

    status = run.end()

    assert status == 1
    assert "job ended with status 4: stopping" in run.text
    assert "base was killed by SIGTERM" in run.text
    assert "top started" not in run.text


def test_a_start_that_keeps_failing_is_given_up(supervise):
    run = supervise("""
run([python('base', FOREVER), ProcessSpec(name='none', argv=['/no/such/program'])],
    backoff=Backoff(first=0.01), attempts=3)
""")

    status = run.end()

    assert status == 1
    assert "none cannot be started" in run.text
    assert "attempt 3 of 3: stopping" in run.text


def test_a_process_that_dies_after_the_start_is_restarted_without_limit(supervise):
    run = supervise("run([python('weak', FOREVER)], backoff=Backoff(first=0.01), attempts=1)")
    run.wait_for("all ready")

    for deaths in (1, 2, 3):
        os.kill(int(run.wait_for(r"weak started \(process (\d+)\)", count=deaths)[-1][1]), signal.SIGKILL)

    run.wait_for("starting it again", count=3)


@pytest.fixture
def _default_sighup():
    """Restore the default SIGHUP, which is ignored if the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("_default_sighup")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_stops_the_last_stage_first_and_leaves_no_process(supervise, number):
    run = supervise("run([python('base', FOREVER)], [python('middle', FOREVER)], [python('top', FOREVER)])")
    run.wait_for("running", count=3)

    status = run.stop(number)

    order = [run.text.index(f"{name} was killed by SIGTERM") for name in ("top", "middle", "base")]
    assert order == sorted(order)
    assert status == 0
    assert "starting it again" not in run.text
    assert run.living() == {}


def test_a_process_receives_its_stop_signal(supervise):
    run = supervise("""
POLITE = "import signal; signal.signal(signal.SIGUSR1, lambda *_: exit(7)); print('running'); signal.pause()"
run([python('polite', POLITE, stop_signal=signal.SIGUSR1)])
""")
    run.wait_for("running")

    run.stop()

    assert "polite ended with status 7" in run.text


def test_a_process_that_does_not_stop_is_killed_after_its_grace(supervise):
    run = supervise("run([python('base', FOREVER)], [python('deaf', STUBBORN, grace=0.2)])")
    run.wait_for("running", count=2)

    status = run.stop()

    assert "killing deaf, which has not stopped yet" in run.text
    assert run.text.index("deaf was killed by SIGKILL") < run.text.index("base was killed by SIGTERM")
    assert status == 0


def test_a_second_signal_shortens_the_shutdown(supervise):
    run = supervise("run([python('deaf', STUBBORN, grace=3600)])")
    run.wait_for("running")
    run.send(signal.SIGINT)
    run.wait_for("stopping")

    status = run.stop(signal.SIGINT)

    assert "hurrying" in run.text
    assert "deaf was killed by SIGKILL" in run.text
    assert status == 0


BEARING = """
CHILD = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; print('child'); signal.pause()"
BEARER = f"import subprocess, sys; subprocess.Popen([sys.executable, '-u', '-c', {CHILD!r}], %s); {FOREVER}"
"""


@linux_only
@pytest.mark.parametrize("options", ["", "start_new_session=True"])
def test_grandchildren_end_too_even_outside_their_group(supervise, options):
    run = supervise(BEARING % options + "run([python('bearer', BEARER)])")
    run.wait_for("child")
    assert len(run.living()) == 3

    status = run.stop()

    assert status == 0
    assert run.living() == {}


@linux_only
def test_the_group_of_a_dead_process_is_killed_before_its_restart(supervise):
    run = supervise(BEARING % "" + "run([python('bearer', BEARER)], backoff=Backoff(first=0.01))")
    run.wait_for(r"\| child")
    bearer = int(run.wait_for(r"bearer started \(process (\d+)\)")[0][1])

    os.kill(bearer, signal.SIGKILL)
    run.wait_for(r"\| child", count=2)

    assert len(run.living()) == 3


GUARDED = (
    BEARING % "start_new_session=True"
    + """
from tms_local.supervisor.guard import leave_guard
leave_guard(grace=0.5)
print(f"supervisor {os.getpid()}", flush=True)
run([python('base', FOREVER)], [python('deaf', STUBBORN, grace=0.2), python('bearer', BEARER)])
"""
)


@linux_only
def test_a_killed_guard_leaves_no_process(supervise):
    run = supervise(GUARDED)
    run.wait_for("running|child", count=4)
    supervisor = int(run.wait_for(r"supervisor (\d+)")[0][1])
    watched = os.pidfd_open(supervisor)

    run.send(signal.SIGKILL)

    assert select.select([watched], [], [], PATIENCE)[0]
    os.close(watched)
    assert run.living() == {}


@linux_only
def test_a_killed_supervisor_leaves_no_process(supervise):
    run = supervise(GUARDED)
    run.wait_for("running|child", count=4)

    os.kill(int(run.wait_for(r"supervisor (\d+)")[0][1]), signal.SIGKILL)

    assert run.end() == 128 + signal.SIGKILL
    assert "the supervisor was killed by signal 9" in run.text
    assert run.living() == {}


@linux_only
def test_signals_reach_the_supervisor_through_its_guard(supervise):
    run = supervise(GUARDED)
    run.wait_for("running|child", count=4)

    status = run.stop(signal.SIGINT)

    assert status == 0
    assert "killed by signal" not in run.text
    assert run.living() == {}


def test_a_closed_log_stops_no_process(supervise):
    run = supervise("run([python('chatty', 'import signal; print(1)\\nwhile True: print(2)')], attempts=1)")
    run.wait_for("2")
    run.close_output()

    run.send(signal.SIGTERM)

    assert run.end_unread() == 0
    assert run.living() == {}


def test_output_is_split_at_line_ends():
    lines = LineBuffer()

    assert lines.feed(b"one\r\ntw") == ["one"]
    assert lines.feed("o\nü".encode()) == ["two"]
    assert lines.rest() == ["ü"]
    assert lines.rest() == []


def test_an_endless_line_is_flushed_in_parts():
    lines = LineBuffer()

    assert lines.feed(b"x" * (MAX_LINE_LENGTH + 1)) == ["x" * (MAX_LINE_LENGTH + 1)]
    assert lines.rest() == []


def test_a_port_in_use_is_named_with_its_option():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(ConfigurationError) as caught:
            require_free("127.0.0.1", port, "--api-port")

    assert str(caught.value) == f"port {port} on 127.0.0.1 is in use by another program: choose another with --api-port"


def test_a_port_in_time_wait_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        server.accept()[0].close()
        client.close()

    require_free("127.0.0.1", port, "--api-port")
