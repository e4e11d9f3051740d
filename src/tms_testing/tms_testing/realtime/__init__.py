"""A complete system under traffic and faults, and a test oracle; shared by the tests and bench/faults.py.

`system` runs PostgreSQL, Valkey, relays and realtime processes; `traffic` runs `writers` and a `client_pool` of
`followers`, which resume after each disconnect (`flaky_clients` at random); `faults` kills, stops and rewinds
processes; `oracle` computes from the database alone what each client should have received. For tests without these
processes: `events` and `without_sockets`.
"""
