"""The API's description (OpenAPI 3.1), made from the resources: each method says beside itself what it takes and
answers, its schemas say the rest."""

from tms_core.web.openapi.describing import Answer, Header, Link, Tag, described, documented
from tms_core.web.openapi.document import build_document
from tms_core.web.openapi.parameters import Parameter, WholeNumber, names_of
from tms_core.web.openapi.problems import Problem
from tms_core.web.openapi.schemas import AnswerSchema, Nothing

__all__ = [
    "Answer",
    "AnswerSchema",
    "Header",
    "Link",
    "Nothing",
    "Parameter",
    "Problem",
    "Tag",
    "WholeNumber",
    "build_document",
    "described",
    "documented",
    "names_of",
]
