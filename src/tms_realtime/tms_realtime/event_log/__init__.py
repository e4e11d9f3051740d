"""The event log as realtime clients read it: message format, storage in Redis, and reading."""
