"""Injects faults into a whole system while it sends mails: .venv/bin/python bench/mail_faults.py [--rounds 3].

Starts its own PostgreSQL, Valkey, two relays, two workers, beat, and a mail server that misbehaves on command, and
writes tasks all the time. The exit status is 1 if an event is in no mail or in two. Copies with the same Message-ID
are counted apart: they cannot be avoided if a connection, or a worker, ends between the server's 250 and its record.
"""

import argparse
import logging
import sys
import time

from rich.console import Console
from rich.table import Table

from tms_testing.mail.faults import FAULTS
from tms_testing.mail.oracle import Verdict
from tms_testing.mail.system import MailTraffic, running_mail_system

COLUMNS = ("events", "mails due", "sent", "same id again", "doubled", "lost", "seconds")


def measure(rounds: int, window: str, events: int, console: Console) -> dict[str, Verdict]:
    """Return the sums of all rounds by fault; prints a line per round."""
    verdicts: dict[str, Verdict] = {}
    seconds: dict[str, float] = {}
    with running_mail_system(tms__notifications__coalesce=window) as system:
        for _ in range(rounds):
            for name, fault in FAULTS.items():
                began = time.monotonic()
                traffic = MailTraffic(system)
                traffic.flow(events)
                fault(system, traffic)
                traffic.flow(events)
                one = traffic.finish()
                console.print(f"{name}: {one.events} events, {time.monotonic() - began:.0f} s")
                seconds[name] = seconds.get(name, 0.0) + time.monotonic() - began
                found = verdicts.setdefault(name, Verdict())
                for column in ("events", "due", "sent", "repeated", "doubled", "lost", "faults"):
                    setattr(found, column, getattr(found, column) + getattr(one, column))
        table = Table("fault", *COLUMNS, title=f"coalescing window {window} s")
        for column in table.columns[1:]:
            column.justify = "right"
        for name, one in verdicts.items():
            counts = (one.events, one.due, one.sent, one.repeated, one.doubled, one.lost)
            table.add_row(name, *map(str, counts), f"{seconds[name]:.0f}")
        console.print(table)
    return verdicts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=40, help="events before and after each fault")
    parser.add_argument("--window", nargs="*", default=["0", "2"], help="values of tms.notifications.coalesce")
    given = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for name in ("tms_core", "tms_notifications", "mail.log"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    faults = [
        fault
        for window in given.window
        for verdict in measure(given.rounds, window, given.events, console).values()
        for fault in verdict.faults
    ]
    for fault in faults:
        console.print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
