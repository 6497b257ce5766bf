"""Say in people's words, with the line, what a model finds wrong with a policy file.

Not for rules that span files: see `pipelines.policy.rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipelines.policy.problems import Problem, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

    from pipelines.policy.documents import Document, Path

Model = TypeVar("Model", bound=BaseModel)


def validate(
    model: type[Model], document: Document, path: Path = (), **named: str
) -> tuple[Model | None, list[Problem]]:
    """Build the model from the part of the document at the path; return it, or all that is wrong with it.

    ``named`` are values that stand elsewhere, such as the key under which an entry is listed.
    """
    data = document.data
    for step in path:
        data = data[step]
    if not isinstance(data, dict):
        return None, [document.problem(path, "`key: value` lines are expected here", "see the other entries")]
    try:
        return model.model_validate({**data, **named}), []
    except ValidationError as error:
        details = (detail for detail in error.errors(include_url=False) if not _follows(detail))
        return None, [_explain(document, path, model, detail) for detail in details]


def _follows(error: ErrorDetails) -> bool:
    """Tell whether the error only follows from another: a list is called short when none of its entries is right."""
    return error["type"] == "too_short" and bool(error["input"])


def _explain(document: Document, path: Path, model: type[BaseModel], error: ErrorDetails) -> Problem:
    at = tuple(step for step in error["loc"] if step != "[key]")
    name = ".".join(str(step) for step in (*path, *at)) or "the file"
    message, hint = _words(name, model, error)
    return document.problem((*path, *at), message, hint)


def _words(name: str, model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:  # noqa: PLR0911 - a table
    last, given = str(error["loc"][-1]) if error["loc"] else "", error["input"]
    match error["type"]:
        case "missing":
            return f"`{name}` is missing", f"add `{last}: …`"
        case "extra_forbidden":
            return f"`{name}` is not a known key", f"{suggestion(last, set(_keys(model)))} or remove it"
        case "literal_error":
            choices = [choice.strip("'") for choice in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]
            return f"`{name}` is `{given}`", suggestion(str(given), choices)
        case _ if given is None or not str(given).strip():
            return f"`{name}` is blank", "fill it in"
        case "string_pattern_mismatch":
            return f"`{name}` is `{given}`", f"it must have the form {error['ctx']['pattern']}"
        case "too_short":
            return f"`{name}` is empty", "list at least one"
        case "value_error":
            return f"`{name}`: {error['ctx']['error']}", "correct it"
        case _:
            return f"`{name}`: {error['msg'][:1].lower()}{error['msg'][1:]}", "correct it"


def _keys(model: type[BaseModel]) -> Iterator[str]:
    schema: dict[str, Any] = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {})
