"""Use cases. Services check rules and write; callers own the request and commit the transaction."""
