"""Measures the delay from a response to its WebSocket message: python bench/latency.py [--clients 500] [--rate 100]

Runs the whole system (PostgreSQL, Valkey, two API processes, relay, realtime), connects `--clients` WebSockets, and
sends changes at a fixed rate (open loop). A negative time means that the message arrived before the response. The last
columns are shares of one processor.
"""

import argparse
import http.client
import json
import multiprocessing as mp
import threading
import time

from cpu.process_kinds import ProcessKinds
from fanout.listeners import DIGITS, MARK, Listeners
from run import Api, percentile, system

THREADS = 16
# Shares of one processor.
KINDS = ("api", "PostgreSQL for api", "relay", "PostgreSQL for relay", "realtime", "Redis")


def changes(port: int, token: str, rate: int, numbers: range, pipe) -> None:
    """Send changes, in a separate process. Sends the response times to `pipe`, by the number in the task's title."""
    answered: dict[int, float] = {}
    began = time.monotonic() + 0.5

    def work(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        for number in numbers[first::THREADS]:
            time.sleep(max(0.0, began + (number - numbers.start) / rate - time.monotonic()))
            body = json.dumps({"title": f"{MARK.decode()}{number:0{DIGITS}}"})
            connection.request("PATCH", f"/api/task/{number % 1000 + 1}", body, headers)
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                answered[number] = time.monotonic()
            else:
                print(response.status, response.reason, flush=True)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(answered)


def measure(api: Api, realtime_port: int, kinds: ProcessKinds, clients: int, rate: int, numbers: range) -> str:
    listeners = Listeners(f"ws://127.0.0.1:{realtime_port}/ws/tasks/", api.token, clients, is_timed=True)
    context = mp.get_context("spawn")
    mine, theirs = context.Pipe()
    sender = context.Process(target=changes, args=(api.port, api.token, rate, numbers, theirs))
    sender.start()
    before, began = kinds.milliseconds(), time.monotonic()
    answered = mine.recv()
    sender.join()
    wanted, deadline = len(answered) * clients, time.monotonic() + 20
    while listeners.received < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    used, seconds = kinds.milliseconds() - before, time.monotonic() - began
    arrivals, lost = listeners.close()
    if not answered:
        raise SystemExit("no change received a response of 200")
    times = [(at - answered[number]) * 1000 for number, at in arrivals if number in answered]
    return (
        f"| {clients} × {rate}/s | {len(answered)} | {len(arrivals):,} of {wanted:,} | {lost} "
        f"| {percentile(times, 0.5):.1f} | {percentile(times, 0.99):.1f} "
        f"| {' | '.join(f'{used[kind] / seconds / 1000:.1%}' for kind in KINDS)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--rate", type=int, default=100, help="changes per second")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with system(10_000) as running:
        roots = {name: [process.pid] for name, process in running.processes.items()}
        kinds = ProcessKinds(roots, running.database, running.redis)
        time.sleep(3)
        columns = ("clients × changes", "changes", "delivered", "lost connections", "ms after the response, p50", "p99")
        print(f"| {' | '.join(columns + KINDS)} |")
        print("|---" * len(columns + KINDS) + "|")
        count = int(options.rate * options.seconds)
        for number in range(options.rounds):
            # Titles must be new in each round: a change without effect produces no event.
            numbers = range(number * count, (number + 1) * count)
            print(
                measure(running.api, running.realtime_port, kinds, options.clients, options.rate, numbers), flush=True
            )


if __name__ == "__main__":
    main()
