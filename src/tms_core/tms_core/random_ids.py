"""Random ids that have to be unique, but not hard to guess."""

import random


def random_id() -> str:
    """Return 16 random hexadecimal digits.

    Reads no random bytes of the operating system, which would let other threads run: with `secrets`, each request waits
    for its turn twice more. Python seeds the generator anew in each forked process.
    """
    return f"{random.getrandbits(64):016x}"
