"""What a document lacks to have its shape, all of it, as problems with places and ways out."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from compozy.config import not_yet
from compozy.config.documents import Document, KeyPath, in_line_order
from compozy.config.fields import ID_HINT, Shape
from compozy.domain.errors import Problem
from compozy.domain.secrets import HIDDEN
from compozy.domain.suggestions import did_you_mean

ShapeT = TypeVar("ShapeT", bound=Shape)

_Description: TypeAlias = tuple[str, str | None]
_SHOWN_CHARACTERS: Final = 60  # half a line of a terminal
_SECRETS: Final = frozenset({"api_key", "password"})


def shown(value: Any) -> str:
    """Return a value the way YAML and JSON write it, short enough for a message."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = "null" if value is None else repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _not_a(expected: str, unquoted: str = r"(?!)") -> Callable[[Any, dict[str, Any]], _Description]:
    """Return what describes a value of another type.

    Args:
        expected: The type, in words.
        unquoted: The pattern of a text that is right without its quotes; without one there is no such text.
    """

    def describe_value(value: Any, _: dict[str, Any]) -> _Description:
        is_quoted = isinstance(value, str) and re.fullmatch(unquoted, value) is not None
        return f"must be {expected}, not {shown(value)}", f"write {value}, without quotes" if is_quoted else None

    return describe_value


def _not_text(value: Any, _: dict[str, Any]) -> _Description:
    """Describe what should be text; YAML made most of these numbers by itself."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"must be text, not {shown(value)}", f'quote it: "{value}"' if is_number else None


def _not_allowed(value: Any, context: dict[str, Any]) -> _Description:
    """Describe what is not one of the allowed words."""
    allowed = context["expected"].replace("'", "").replace(" or ", ", ")
    return f"{shown(value)} is not allowed", f"allowed: {allowed}"


_DESCRIPTIONS: Final[Mapping[str, Callable[[Any, dict[str, Any]], _Description]]] = {
    **dict.fromkeys(("bool_type", "bool_parsing"), _not_a("true or false", "true|false")),
    **dict.fromkeys(
        ("int_type", "int_from_float", "int_parsing", "int_parsing_size"), _not_a("a whole number", "[0-9]+")
    ),
    **dict.fromkeys(("dict_type", "model_type"), _not_a("a mapping")),
    "list_type": _not_a("a list"),
    "string_type": _not_text,
    "literal_error": _not_allowed,
    "missing": lambda _value, _: ("is required", None),
    "refused": lambda _value, context: (context["message"], context["hint"]),
    "greater_than_equal": lambda value, context: (f"{value} is too small", f"at least {context['ge']}"),
    "less_than_equal": lambda value, context: (f"{value} is too large", f"at most {context['le']}"),
    "string_too_short": lambda _value, _: ("must not be empty", None),
    "too_short": lambda _value, _: ("must not be empty", None),
    "string_pattern_mismatch": lambda value, _: (f"{shown(value)} is not an id", ID_HINT),
}
"""What is wrong and the way out, by the type of pydantic's error; given the value and the error's context."""


def check_shape(document: Document, shape: type[ShapeT]) -> tuple[ShapeT | None, list[Problem]]:
    """Return the document in its shape, or None and every problem in the order of the lines.

    Types are strict: a quoted number is text, and a number is not text.
    """
    try:
        return shape.model_validate(document.data, strict=True), []
    except ValidationError as error:
        return None, in_line_order(_problems(error, document, shape))


def describe(error: ErrorDetails) -> tuple[str, str | None]:
    """Return what is wrong with a value, and the way out, whatever file or variable it came from."""
    description = _DESCRIPTIONS.get(error["type"])
    if description is None:
        return error["msg"].lower(), None
    # What should have been a secret is one, though it has the wrong type.
    value = HIDDEN if error["loc"] and error["loc"][-1] in _SECRETS else error["input"]
    return description(value, error.get("ctx", {}))


def _problems(error: ValidationError, document: Document, shape: type[Shape]) -> Iterator[Problem]:
    """Yield one problem per error, leaving out what is inside a thing that this version does not run anyway."""
    errors = error.errors(include_url=False)
    skipped = [found["loc"][:-1] for found in errors if found["loc"][-1:] == ("type",) and _is_value_not_yet(found)]
    for found in errors:
        path = found["loc"]
        if _is_value_not_yet(found):
            yield document.problem(path, f"{shown(found['input'])} is {not_yet.NOT_YET}", hint=describe(found)[1])
        elif any(path[: len(outer)] == outer for outer in skipped):
            continue
        elif found["type"] == "extra_forbidden":
            yield _unexpected_key(path, document, shape)
        else:
            message, hint = describe(found)
            yield document.problem(path, message, hint=hint)


def _is_value_not_yet(error: ErrorDetails) -> bool:
    """Tell whether the error is about a value of the language that this version does not run."""
    if error["type"] != "literal_error" or not isinstance(error["input"], str):
        return False
    words = tuple(str(part) for part in error["loc"])
    return any(error["input"] in not_yet.VALUES.get(".".join(words[start:]), ()) for start in range(len(words)))


def _unexpected_key(path: KeyPath, document: Document, shape: type[Shape]) -> Problem:
    """Return the problem of a key that the shape does not have."""
    owner = _shape_at(shape, path[:-1])
    if path[-1] in owner.not_yet:
        return document.problem(path, not_yet.NOT_YET, hint="remove the key")
    known = [field.alias or name for name, field in owner.model_fields.items()]
    return document.problem(path, "unknown key", hint=did_you_mean(str(path[-1]), known))


def _shape_at(shape: type[Shape], path: KeyPath) -> type[Shape]:
    """Return the shape of the mapping at this path."""
    for part in path:
        if isinstance(part, str):
            fields = {field.alias or name: field for name, field in shape.model_fields.items()}
            shape = next(_shapes_in(fields[part].annotation))
    return shape


def _shapes_in(annotation: Any) -> Iterator[type[Shape]]:
    """Yield the shapes that an annotation mentions; each field of ours mentions at most one."""
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        yield annotation
    for argument in get_args(annotation):
        yield from _shapes_in(argument)
