"""The API's description (OpenAPI 3.1), made from the resources: each method says beside itself what it takes and
answers, its schemas say the rest. `document` puts it together; what is here imports no Cornice."""

from tms_core.web.openapi.decorators import Answer, Header, Link, Tag, described, documented
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
    "described",
    "documented",
    "names_of",
]
