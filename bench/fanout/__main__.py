"""Measures throughput and memory of one realtime process: python bench/fanout [--clients 500] [--seconds 5]

Compares, in alternating rounds, `tms realtime` with its own PostgreSQL and Valkey, a bare asyncio loop that writes the
same bytes to as many sockets (the baseline), and the servers named by --also. All run on 127.0.0.1: compare ratios.
"""

import argparse
import statistics
from contextlib import ExitStack

from measures import deliveries, memory
from servers import asyncio_baseline, other_server, realtime_server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--connections", type=int, default=5000, help="connections for the measurement of memory; 0: not measured"
    )
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME,WS_URL,REDIS_URL,CHANNEL,PID[,FILE]",
        help="another server that forwards messages from a Redis channel; FILE: the message, default: a task's",
    )
    options = parser.parse_args()
    with ExitStack() as stack:
        others = [other_server(*fields.split(",")) for fields in options.also]
        servers = [stack.enter_context(realtime_server()), stack.enter_context(asyncio_baseline()), *others]
        memories = [memory(server, options.connections) if options.connections else 0.0 for server in servers]
        rates: list[list[float]] = [[] for _ in servers]
        for number in range(options.rounds):
            for server, server_rates in zip(servers, rates, strict=True):
                rate, lost = deliveries(server, options.clients, options.seconds)
                server_rates.append(rate)
                print(f"  round {number + 1}: {server.name}: {rate:,.0f}/s, {lost} connections lost", flush=True)
    print(f"\n{options.clients} clients, {options.rounds} rounds of {options.seconds:g} s\n")
    print(f"| server | deliveries/s min / median / max | tms / this | kB per connection at {options.connections} |")
    print("|---|---|---|---|")
    for server, server_rates, kilobytes in zip(servers, rates, memories, strict=True):
        ratio = statistics.median(tms / other for tms, other in zip(rates[0], server_rates, strict=True))
        low, median, high = min(server_rates), statistics.median(server_rates), max(server_rates)
        print(f"| {server.name} | {low:,.0f} / **{median:,.0f}** / {high:,.0f} | {ratio:.2f} | {kilobytes:.1f} |")


if __name__ == "__main__":
    main()
