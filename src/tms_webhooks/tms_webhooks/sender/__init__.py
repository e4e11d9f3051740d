"""The process that sends deliveries: an event loop with a worker for each webhook that it leases."""
