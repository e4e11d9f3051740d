"""Password hashing with argon2id, of the normalized password."""

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
    """Return whether the password matches the hash; None never matches, in the same time as a wrong password."""
    # Also as typed, for hashes from before passwords were normalized.
    spellings = dict.fromkeys((opaque_string(password), password))
    matches = [_verifies(password_hash or _dummy_hash(), spelling) for spelling in spellings]
    return password_hash is not None and any(matches)


def _verifies(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _dummy_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe())
