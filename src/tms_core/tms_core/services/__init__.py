"""Use cases: they check rules, write, and know neither request nor transaction end."""
