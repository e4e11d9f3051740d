"""Hashing of random tokens for the database. Their entropy makes a slow password hash unnecessary."""

import hashlib


def sha256_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
