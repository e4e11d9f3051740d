"""Access tokens, personal tokens and their revocation."""
