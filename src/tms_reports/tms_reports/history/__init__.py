"""The history of tasks' statuses, recorded from the event log."""
