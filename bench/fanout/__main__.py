"""How fast and how lean one realtime process is: python bench/fanout [--clients 500] [--seconds 5] [--rounds 3]

Measures, round by round, `tms realtime` with a PostgreSQL and Valkey of its own, a bare asyncio loop that writes the
same bytes to as many sockets (the floor), and every other server named by --also. All on 127.0.0.1; read the ratios.
"""

import argparse
import statistics
from contextlib import ExitStack

from measures import deliveries, memory
from servers import floor, other_server, own_server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--connections", type=int, default=5000, help="for the memory a connection takes; 0: not measured"
    )
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME,WS_URL,REDIS_URL,CHANNEL,PID[,FILE]",
        help="another server that sends on what comes on a Redis channel: the task message, or a file's bytes",
    )
    options = parser.parse_args()
    with ExitStack() as stack:
        others = [other_server(*words.split(",")) for words in options.also]
        servers = [stack.enter_context(own_server()), stack.enter_context(floor()), *others]
        memories = [memory(server, options.connections) if options.connections else 0.0 for server in servers]
        rates: list[list[float]] = [[] for _ in servers]
        for number in range(options.rounds):
            for server, mine in zip(servers, rates, strict=True):
                rate, lost = deliveries(server, options.clients, options.seconds)
                mine.append(rate)
                print(f"  round {number + 1}: {server.name}: {rate:,.0f}/s, {lost} connections lost", flush=True)
    print(f"\n{options.clients} clients, {options.rounds} rounds of {options.seconds:g} s\n")
    print(f"| server | deliveries/s min / median / max | tms / this | kB a connection at {options.connections} |")
    print("|---|---|---|---|")
    for server, mine, kilobytes in zip(servers, rates, memories, strict=True):
        ratio = statistics.median(ours / theirs for ours, theirs in zip(rates[0], mine, strict=True))
        print(
            f"| {server.name} | {min(mine):,.0f} / **{statistics.median(mine):,.0f}** / {max(mine):,.0f} "
            f"| {ratio:.2f} | {kilobytes:.1f} |"
        )


if __name__ == "__main__":
    main()
