"""Authentication of handshakes, and its revocation on open connections."""
