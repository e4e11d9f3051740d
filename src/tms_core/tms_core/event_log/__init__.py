"""The event log: events, their positions, and the sinks that receive them."""
