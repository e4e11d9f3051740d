"""The event log as clients get it: what an event becomes, where it is kept for them, and following it."""
