"""Scripted answers: what ``params.answers`` of a mock model makes it say.

A list of entries, the first of which matches counts, or a mapping from what to match to the answer::

    answers:
      - match: weather             # a part of the prompt
        answer: It will rain.
      - match: /^translate .* to/  # between slashes: a regular expression (RE2)
        answer: {text: olá}
      - match: bank
        error: {code: MODEL_OVERLOADED, message: try again later}
      - answer: I do not know.     # without match: everything else
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import attrs
import re2  # type: ignore[import-untyped]  # it is published without types

from compozy.domain.errors import TaskError
from compozy.domain.json import Json, JsonObject

_MAX_MEMORY: Final = 8 * 1024 * 1024  # bytes of one expression
_KEYS: Final = frozenset({"match", "answer", "error"})


@attrs.frozen
class _Entry:
    """One entry of a script.

    Attributes:
        match: What the prompt has to have in it; None for anything.
        answer: The answer: a text, or any other value, which is said as JSON.
        error: Why there is none; None when there is.
    """

    match: str | None
    answer: Json
    error: Json


def find_scripted(params: JsonObject, prompt: str) -> str | None:
    """Return what the script of a model says to a prompt; None when it says nothing.

    Args:
        params: Of the model.
        prompt: The question.

    Raises:
        TaskError: ``MODEL_PARAMS_INVALID``: the script cannot be read. Or the error that it asks for, with the code
            ``MODEL_FAILED`` unless it gives one.
    """
    for entry in _entries(params.get("answers")):
        if entry.match is None or _matches(entry.match, prompt):
            if entry.error is not None:
                raise _scripted_error(entry.error)
            return entry.answer if isinstance(entry.answer, str) else json.dumps(entry.answer, ensure_ascii=False)
    return None


def _entries(answers: Json) -> Iterator[_Entry]:
    if isinstance(answers, dict):
        yield from (_Entry(str(match), answer, None) for match, answer in answers.items())
    elif isinstance(answers, list):
        yield from (_entry(position, item) for position, item in enumerate(answers))
    elif answers is not None:
        raise _unreadable("answers is neither a list nor a mapping")


def _entry(position: int, item: Json) -> _Entry:
    if not isinstance(item, dict) or item.keys() - _KEYS or ("answer" in item) == ("error" in item):
        raise _unreadable(f"answers[{position}] is not a mapping with one of answer and error, and perhaps match")
    match = item.get("match")
    if match is not None and not isinstance(match, str):
        raise _unreadable(f"answers[{position}].match is {match!r}, not a text")
    return _Entry(match, item.get("answer"), None if "answer" in item else item["error"] or {})


def _matches(match: str, prompt: str) -> bool:
    if len(match) > 1 and match.startswith("/") and match.endswith("/"):
        return _expression(match[1:-1]).search(prompt) is not None
    return match in prompt


def _expression(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise _unreadable(f"/{pattern}/ is not a regular expression of RE2") from error


def _scripted_error(error: Json) -> TaskError:
    told = error if isinstance(error, dict) else {"message": error}
    message = str(told.get("message") or "the script says so")
    return TaskError(message, error_code=str(told.get("code") or "MODEL_FAILED"), details=told)


def _unreadable(message: str) -> TaskError:
    return TaskError(f"params of the mock model: {message}", error_code="MODEL_PARAMS_INVALID")
