"""Passwords as argon2id hashes, of their normalised form."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tms_core.identity.passwords import opaque_string

# OWASP Password Storage Cheat Sheet (2024): argon2id with 19 MiB, two passes and one lane is its first choice.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    return HASHER.hash(opaque_string(password))


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; takes as long where there is no hash, so that nobody learns that from the time."""
    # As typed, too: hashes from before passwords were normalised are of that.
    spellings = dict.fromkeys((opaque_string(password), password))
    fits = [_verifies(password_hash or _nobodys_hash(), spelling) for spelling in spellings]
    return password_hash is not None and any(fits)


def _verifies(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe())
