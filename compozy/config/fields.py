"""The pieces that the shapes of the files are made of."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from compozy.domain.durations import parse_duration
from compozy.domain.errors import InvalidError
from compozy.domain.json import Json


class Shape(BaseModel):
    """One mapping of a file. Every key is optional to give as null, which is the same as leaving it out.

    Attributes:
        not_yet: Keys of the language that this version refuses.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    not_yet: ClassVar[frozenset[str]] = frozenset()


def _duration(value: Json) -> timedelta:
    """Return the duration, which must be longer than nothing."""
    try:
        duration = parse_duration(value)
    except InvalidError as error:
        problem = error.problems[0]
        raise refusal(problem.message, problem.hint) from error
    if not duration:
        raise refusal(f"{value!r} is no time at all", 'write for example "30s", or leave the key out')
    return duration


def _lowercase(value: Json) -> Json:
    """Return text in lower case, anything else as it is."""
    return value.lower() if isinstance(value, str) else value


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


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A duration longer than nothing, written with units."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$")]
"""The id of a workflow, task or tool: it must do in URLs and in the paths of templates."""

Name = Annotated[str, StringConstraints(min_length=1)]
"""Text that is not empty."""

Lowercase = BeforeValidator(_lowercase)
"""Before a choice of lower-case words: ``LOG_LEVEL=INFO`` is common."""

AnyObject = dict[str, Any]
"""A mapping whose content is the user's own."""
