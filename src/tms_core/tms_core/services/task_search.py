"""Full-text searches that the index can answer."""

from sqlalchemy import func, literal, select

from tms_core.errors import InvalidError
from tms_core.services.task_reading import Reader

# The result of querytree() for a query that requires no word.
WITHOUT_WORDS = "T"
MESSAGE = "must have a word to search for, besides excluded words, in each part separated by `or`"


def require_words(reader: Reader, q: str) -> None:
    """Raise `InvalidError` for a search of only negations, such as `-done`, which would scan all tasks."""
    if "-" not in q:
        return
    query = func.websearch_to_tsquery("simple", literal(q))
    if reader.scalar(select(func.querytree(query))) == WITHOUT_WORDS:
        raise InvalidError.of("q", MESSAGE, "query")
