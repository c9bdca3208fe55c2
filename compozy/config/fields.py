"""The pieces that the shapes of the files are made of."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, TypeVar

import attrs
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    GetPydanticSchema,
    StringConstraints,
    Tag,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import (
    no_info_after_validator_function,
    no_info_before_validator_function,
    str_schema,
)

from compozy.config import spellings
from compozy.domain.durations import parse_duration
from compozy.domain.errors import InvalidError
from compozy.domain.json import Json
from compozy.domain.secrets import Secret
from compozy.domain.sizes import parse_size
from compozy.domain.suggestions import did_you_mean


class Shape(BaseModel):
    """One mapping of a file. Every key is optional to give as null, which is the same as leaving it out.

    Attributes:
        not_yet: Keys of the language that this version refuses.
        main_key: The key that a text was meant for that stands in the place of the whole; None: nobody knows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    not_yet: ClassVar[frozenset[str]] = frozenset()
    main_key: ClassVar[str | None] = None

    @classmethod
    def keys(cls) -> list[str]:
        """Return the keys as files write them."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    @classmethod
    def hint_for(cls, key: str, data: Mapping[str, Json]) -> str:  # noqa: ARG003 - for those to whom the rest tells more
        """Return the way out for a key that the shape does not have.

        Args:
            key: The key.
            data: The mapping that it is in.
        """
        return did_you_mean(key, cls.keys())

    @classmethod
    def hint_for_value(cls, key: str, value: Json) -> str | None:  # noqa: ARG003 - for those who know what was meant
        """Return the way out for a value that is none of the words that may stand under a key; None for the usual."""
        return None


LONGEST: Final = timedelta(days=36500)
"""The longest duration: a hundred years, so that an instant so far off can still be written."""


def _duration(value: Json) -> timedelta:
    """Return the duration, which must be longer than nothing."""
    duration = _pause(value)
    if not duration:
        raise refusal(f"{value!r} is no time at all", 'write for example "30s", or leave the key out')
    return duration


def _pause(value: Json) -> timedelta:
    """Return the duration, which may be nothing."""
    try:
        duration = parse_duration(value)
    except InvalidError as error:
        problem = error.problems[0]
        raise refusal(problem.message, problem.hint) from error
    if duration > LONGEST:
        raise refusal(f"{value!r} is too long", f"at most {LONGEST.days}d")
    return duration


def _size(value: Json) -> int:
    """Return the size in bytes, which must be more than nothing."""
    try:
        size = parse_size(value)
    except InvalidError as error:
        problem = error.problems[0]
        raise refusal(problem.message, problem.hint) from error
    if not size:
        raise refusal(f"{value!r} is no room at all", 'write for example "256mb", or leave the key out')
    return size


def duration_or(word: str) -> Callable[[Json], timedelta | str]:
    """Return what makes a value a duration longer than nothing, and leaves a word (in whatever case) that word."""

    def convert(value: Json) -> timedelta | str:
        if isinstance(value, str) and value.lower() == word:
            return word
        try:
            return _duration(value)
        except PydanticCustomError as error:
            context = error.context or {}
            raise refusal(context["message"], f"{context['hint']}; or {word}") from error

    return convert


def refusal(message: str, hint: str | None) -> PydanticCustomError:
    """Return the error that ``validation`` shows as it is."""
    # The texts go in as context: a template would trip over braces in them.
    return PydanticCustomError("refused", "{message}", {"message": message, "hint": hint})


@attrs.frozen
class _Lowercase:
    """Makes text lower case before it is compared with the choice of words that it annotates."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the choice, with the conversion in front."""
        return no_info_before_validator_function(_lowercase, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the words to offer, and a pattern for the other ways to write them."""
        choice = handler(core)
        hint = f"one of {', '.join(choice['enum'])}"
        return {"anyOf": [choice, spellings.text_like(spellings.any_of(choice["enum"]), title="choice", hint=hint)]}


def _lowercase(value: Json) -> Json:
    """Return text in lower case, anything else as it is."""
    return value.lower() if isinstance(value, str) else value


ID_HINT: Final = "at most 100 letters, digits, - and _, not beginning with -"
"""What an id looks like."""

Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema(spellings.DURATION)]
"""A duration longer than nothing, written with units."""

Pause = Annotated[timedelta, BeforeValidator(_pause), WithJsonSchema(spellings.DURATION)]
"""The same, which may be nothing: ``0s``."""

Size = Annotated[int, BeforeValidator(_size), WithJsonSchema(spellings.SIZE)]
"""A number of bytes above nothing, written with its unit."""


def _instant(value: Json) -> datetime:
    """Return the instant, which must say its offset."""
    hint = 'write for example "2026-01-31T08:00:00Z"'
    if not isinstance(value, str):
        raise refusal(f"{value!r} is not an instant", hint)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise refusal(f"{value!r} is not an instant", hint) from None
    if instant.tzinfo is None:
        raise refusal(f"{value!r} does not say its offset from UTC", hint)
    return instant


Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "title": "instant"})]
"""A moment, in ISO 8601 with its offset."""

SecretText = Annotated[
    Secret,
    GetPydanticSchema(lambda _source, _handler: no_info_after_validator_function(Secret, str_schema(min_length=1))),
    WithJsonSchema({"type": "string", "title": "secret", "minLength": 1, "writeOnly": True}),
]
"""Text that must not show."""

VARIABLE_HINT: Final = "at most 100 letters, digits and _, no digit first"
"""What the name of a variable looks like."""

VARIABLE_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
"""The same as a regular expression."""

Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$"),
    Field(title="id", json_schema_extra={"patternErrorMessage": ID_HINT}),
]
"""The id of a workflow, task or tool: it must do in URLs and in the paths of templates."""

Name = Annotated[str, StringConstraints(min_length=1)]
"""Text that is not empty."""

FilePath = Annotated[Name, Field(title="path")]
"""Where a file or a folder is; relative ones are relative to the project, whatever source they come from."""

Lowercase = _Lowercase()
"""After a choice of lower-case words: ``LOG_LEVEL=INFO`` is common."""

AnyObject = dict[str, Any]
"""A mapping whose content is the user's own."""

Variable = Annotated[
    str,
    StringConstraints(pattern=VARIABLE_PATTERN),
    Field(title="variable", json_schema_extra={"patternErrorMessage": VARIABLE_HINT}),
]
"""The name of a variable of templates and expressions."""

TemplateIdentifier = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_-]{0,99}|[^\n]{0,200}\{\{[^\n]{0,200})$"),
    Field(title="id", json_schema_extra={"patternErrorMessage": f"{ID_HINT}; or a template"}),
]
"""An id, or a template of one."""

FORM_MARK: Final = "\0"
"""What the parts of an error's place begin with that name the form of a value, and no key."""


def _form(value: Json) -> str:
    """Return which form a value has that is an id or the thing itself."""
    return f"{FORM_MARK}id" if isinstance(value, str) else f"{FORM_MARK}inline"


ThingT = TypeVar("ThingT")

IdOr = Annotated[
    Annotated[Identifier, Tag(f"{FORM_MARK}id")] | Annotated[ThingT, Tag(f"{FORM_MARK}inline")], Discriminator(_form)
]
"""A thing, or the id of one that is defined elsewhere."""

NameOr = Annotated[
    Annotated[Annotated[str, StringConstraints(min_length=1, max_length=200)], Tag(f"{FORM_MARK}id")]
    | Annotated[ThingT, Tag(f"{FORM_MARK}inline")],
    Discriminator(_form),
]
"""The same for models, whose names have dots and colons in them."""
