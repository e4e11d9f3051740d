"""Secrets as they stand in the database: random words need no slow hash, only one that cannot be turned back."""

import hashlib


def sha256_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
