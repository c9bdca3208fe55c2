"""What a document lacks to have its shape, all of it, as problems with places and ways out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from compozy.config import not_yet
from compozy.config.documents import Document, in_line_order
from compozy.config.fields import FORM_MARK, ID_HINT, VARIABLE_HINT, VARIABLE_PATTERN, Shape
from compozy.domain.errors import Problem
from compozy.domain.json import JsonObject
from compozy.domain.key_paths import KeyPath
from compozy.domain.secrets import HIDDEN
from compozy.domain.suggestions import find_nearest

ShapeT = TypeVar("ShapeT", bound=Shape)

MOST_TOLD: Final = 200
"""How many problems of one file are told at once: nobody reads more, and to find the ways out takes time."""

_Description: TypeAlias = tuple[str, str | None]
_SHOWN_CHARACTERS: Final = 60  # half a line of a terminal
_LIKE: Final = 0.7  # how much: short words are like many, and "disk" is not "redis"
_DIRECTIVE: Final = "$"  # $use and $ref of other implementations
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
    meant = _word_meant(value, allowed.split(", ")) if isinstance(value, str) else None
    hint = f"allowed: {allowed}" if meant is None else f"did you mean {meant!r}? allowed: {allowed}"
    return f"{shown(value)} is not allowed", hint


def _id_hint(value: str) -> str:
    """Return what an id looks like, with one that is like this text."""
    like = re.sub(r"[^A-Za-z0-9_-]+", "-", value)[:100].strip("-")
    return f"write for example {like!r}; {ID_HINT}" if like else ID_HINT


def _word_meant(text: str, allowed: Sequence[str]) -> str | None:
    """Return the allowed word that somebody meant; case, and what joins two words, are what people mistake most."""
    text = re.sub("[- ]", "_", text.lower())
    whole = [word for word in allowed if text and re.split("[-_]", word)[0] == text]
    return whole[0] if len(whole) == 1 else find_nearest(text, allowed, likeness=_LIKE)


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
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _not_a("a number", r"[0-9]+(\.[0-9]+)?")),
    "string_too_long": lambda _value, context: ("is too long", f"at most {context['max_length']} characters"),
    "string_pattern_mismatch": lambda value, context: (
        (f"{shown(value)} is not the name of a variable", VARIABLE_HINT)
        if context["pattern"] == VARIABLE_PATTERN
        else (f"{shown(value)} is not an id", _id_hint(value))
    ),
}
"""What is wrong and the way out, by the type of pydantic's error; given the value and the error's context."""


def check_shape(document: Document, shape: type[ShapeT]) -> tuple[ShapeT | None, list[Problem]]:
    """Return the document in its shape, or None and every problem in the order of the lines.

    Types are strict: a quoted number is text, and a number is not text.
    """
    try:
        return shape.model_validate(document.data, strict=True), []
    except ValidationError as error:
        problems = in_line_order(_problems(error, document, shape))
        return None, [*problems, *more_than_told(document, len(problems))]


def more_than_told(document: Document, told: int) -> list[Problem]:
    """Return what ends the problems of a file of which only the first :data:`MOST_TOLD` are told; else nothing."""
    if told < MOST_TOLD:
        return []
    hint = f"these are the first {MOST_TOLD} problems of the file"
    return [document.problem((), "there may be more wrong", hint=hint)]


def describe(error: ErrorDetails) -> tuple[str, str | None]:
    """Return what is wrong with a value, and the way out, whatever file or variable it came from."""
    description = _DESCRIPTIONS.get(error["type"])
    if description is None:
        return error["msg"].lower(), None
    # What should have been a secret is one, though it has the wrong type.
    value = HIDDEN if error["loc"] and error["loc"][-1] in _SECRETS else error["input"]
    return description(value, error.get("ctx", {}))


def _problems(error: ValidationError, document: Document, shape: type[Shape]) -> Iterator[Problem]:
    """Yield one problem per error."""
    for found in islice(error.errors(include_url=False), MOST_TOLD):
        path = keys_of(found["loc"])
        if found["type"] == "extra_forbidden":
            yield _unexpected_key(path, document, shape)
        else:
            message, hint = describe(found)
            if found["type"] == "literal_error":
                hint = shape_at(shape, path[:-1]).hint_for_value(str(path[-1]), found["input"]) or hint
            if found["type"] == "model_type" and isinstance(found["input"], str):
                key = shape_at(shape, path).main_key
                hint = f"write {{{key}: {found['input']}}}" if key is not None else hint
            yield document.problem(path, message, hint=hint)


def keys_of(place: KeyPath) -> KeyPath:
    """Return the keys of an error's place, without the names of forms between them."""
    return tuple(part for part in place if not (isinstance(part, str) and part.startswith(FORM_MARK)))


def _unexpected_key(path: KeyPath, document: Document, shape: type[Shape]) -> Problem:
    """Return the problem of a key that the shape does not have."""
    owner = shape_at(shape, path[:-1])
    if path[-1] in owner.not_yet:
        return document.problem(path, not_yet.NOT_YET, hint="remove the key")
    if str(path[-1]).startswith(_DIRECTIVE):
        hint = "name what is defined elsewhere by its id, such as `agent: writer`"
        return document.problem(path, "directives are not part of the language", hint=hint)
    hint = owner.hint_for(str(path[-1]), _mapping_at(document.data, path[:-1]))
    return document.problem(path, "unknown key", hint=hint)


def _mapping_at(data: Any, path: KeyPath) -> JsonObject:
    """Return the mapping at a path that leads to one."""
    for part in path:
        data = data[part]
    found: JsonObject = data
    return found


def shape_at(shape: type[Shape], path: KeyPath) -> type[Shape]:
    """Return the shape of the mapping at this path."""
    is_key_of_user = False
    for part in path:
        if isinstance(part, str) and not is_key_of_user:
            fields = {field.alias or name: field for name, field in shape.model_fields.items()}
            annotation = fields[part].annotation
            shape = next(_shapes_in(annotation))
            is_key_of_user = _is_mapping(annotation)
        else:
            is_key_of_user = False
    return shape


def _is_mapping(annotation: Any) -> bool:
    """Tell whether an annotation is that of a mapping with keys of the user's own, perhaps an optional one."""
    return get_origin(annotation) is dict or any(map(_is_mapping, get_args(annotation)))


def _shapes_in(annotation: Any) -> Iterator[type[Shape]]:
    """Yield the shapes that an annotation mentions; each field of ours mentions at most one."""
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        yield annotation
    for argument in get_args(annotation):
        yield from _shapes_in(argument)
