import os
import subprocess
import sys
import threading

import pytest

from tms_core import delayed_writer
from tms_core.delayed_writer import DelayedWriter


@pytest.fixture
def pipe():
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader:
        yield reader, write_end
    os.close(write_end)


def test_lines_are_written_in_order_without_a_flush(pipe):
    reader, descriptor = pipe
    writer = DelayedWriter(descriptor)

    for number in range(3):
        writer.write(b"line %d\n" % number)

    assert [reader.readline() for _ in range(3)] == [b"line 0\n", b"line 1\n", b"line 2\n"]


def test_lines_of_many_threads_are_whole(pipe):
    reader, descriptor = pipe
    writer = DelayedWriter(descriptor)
    threads = [
        threading.Thread(target=lambda n=n: [writer.write(b"%d" % n * 50 + b"\n") for _ in range(100)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    lines = [reader.readline() for _ in range(800)]
    for thread in threads:
        thread.join()

    assert sorted(lines) == sorted(b"%d" % n * 50 + b"\n" for n in range(8) for _ in range(100))


def test_a_closed_reader_raises_nothing(pipe, monkeypatch):
    monkeypatch.setattr(delayed_writer, "MAX_WAITING", 0)
    reader, descriptor = pipe
    reader.close()
    writer = DelayedWriter(descriptor)

    for _ in range(3):
        writer.write(b"line\n")
        writer.flush()


def test_a_process_flushes_at_exit():
    program = "from tms_core.delayed_writer import STANDARD_ERROR as log; log.write(b'last\\n')"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)

    assert ended.stderr == b"last\n"


def test_a_fork_does_not_write_the_lines_of_its_parent():
    program = (
        "import os; from tms_core.delayed_writer import STANDARD_ERROR as log; log.write(b'parent\\n')\n"
        "pid = os.fork()\nif pid: os.waitpid(pid, 0)\nelse: log.write(b'child\\n')"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)

    assert sorted(ended.stderr.splitlines()) == [b"child", b"parent"]
