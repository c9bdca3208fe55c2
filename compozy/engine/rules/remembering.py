"""What memories keep: which keys and messages they take, how these are written down, and which ones stay."""

import json
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

import attrs

from compozy.contracts.models import Role
from compozy.domain.definitions import MemoryDefinition
from compozy.domain.errors import TaskError
from compozy.domain.json import Json, JsonObject
from compozy.domain.tokens import estimate_tokens
from compozy.templates.errors import ArgumentError
from compozy.templates.values import to_text

MAX_KEY: Final = 255
"""The longest key of a conversation, in characters."""


@attrs.frozen
class Entry:
    """A message as a conversation keeps it.

    Attributes:
        by: ``task_exec_id`` of the task run that added it, by which work that is repeated is recognised.
        message: ``role``, ``content``, and whatever else its author gave it.
    """

    by: str
    message: JsonObject

    @property
    def tokens(self) -> int:
        """How many tokens its content has, by estimate."""
        return estimate_tokens(self.message["content"])


def check_key(key: str, *, is_prefix: bool = False) -> None:
    """Check the key of a conversation. It is never changed to fit: two users must not come to share one.

    Args:
        key: The key.
        is_prefix: Whether it is only the beginning of keys; then it may be empty.

    Raises:
        TaskError: ``MEMORY_KEY_INVALID``.
    """
    if not key and not is_prefix:
        reason = "it is empty"
    elif len(key) > MAX_KEY:
        reason = f"it has {len(key)} characters, at most {MAX_KEY} are allowed"
    elif not key.isprintable():
        odd = next(character for character in key if not character.isprintable())
        reason = f"it has the character {odd!r}, only printable ones are allowed"
    else:
        return
    raise TaskError(f"{key[:MAX_KEY]!r} cannot be the key of a conversation: {reason}", error_code="MEMORY_KEY_INVALID")


def messages_of(payload: Json) -> list[JsonObject]:
    """Return the messages that a rendered payload stands for: one or several; a text is one of the user.

    >>> messages_of("hello")
    [{'role': 'user', 'content': 'hello'}]
    >>> messages_of([{"content": {"n": 1}}, {"role": "assistant", "content": "one", "at": "noon"}])
    [{'role': 'user', 'content': '{"n":1}'}, {'role': 'assistant', 'content': 'one', 'at': 'noon'}]

    Raises:
        TaskError: ``MEMORY_PAYLOAD_INVALID``.
    """
    if isinstance(payload, list):
        if not payload:
            raise _unusable("it is an empty list; use operation: clear to forget a conversation")
        return [_message(item, f"[{position}]") for position, item in enumerate(payload)]
    return [_message(payload, "")]


def dump_entry(entry: Entry) -> str:
    """Return the text that a conversation keeps of an entry."""
    return json.dumps(attrs.asdict(entry, recurse=False), ensure_ascii=False)


def parse_entry(text: str) -> Entry:
    """Return the entry that :func:`dump_entry` made a text of.

    Raises:
        TaskError: ``MEMORY_DAMAGED``: it did not.
    """
    try:
        found = json.loads(text)
        entry = Entry(found["by"], found["message"])
        Role(entry.message["role"]), str.encode(entry.message["content"])
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        message = "the conversation has a message in it that this program has not written; delete the conversation"
        raise TaskError(message, error_code="MEMORY_DAMAGED") from error
    return entry


def kept_of(entries: Sequence[Entry], memory: MemoryDefinition) -> Sequence[Entry]:
    """Return the newest entries, as many as the limits of the memory allow; the newest one of all in any case."""
    most = len(entries) if memory.max_messages is None else memory.max_messages
    newest = list(reversed(entries))[: max(most, 1)]
    if memory.max_tokens is not None:
        totals = accumulate(entry.tokens for entry in newest)
        newest = newest[: max(sum(total <= memory.max_tokens for total in totals), 1)]
    return newest[::-1]


def tokens_of(entries: Iterable[Entry]) -> int:
    """Return how many tokens they have together."""
    return sum(entry.tokens for entry in entries)


def _message(item: Json, place: str) -> JsonObject:
    given = item if isinstance(item, dict) else {"content": item}
    content, role = given.get("content"), given.get("role", Role.USER.value)
    if content is None or content == "":
        raise _unusable(f"payload{place} has no content; write a text, or role and content")
    if role not in tuple(Role):
        allowed = ", ".join(each.value for each in Role)
        raise _unusable(f"payload{place} has the role {role!r}; allowed: {allowed}")
    try:
        said = {"role": role, "content": to_text(content)}
    except ArgumentError as error:
        raise _unusable(f"the content of payload{place}: {error}") from error
    return {**said, **given, **said}


def _unusable(reason: str) -> TaskError:
    return TaskError(f"the payload cannot be remembered: {reason}", error_code="MEMORY_PAYLOAD_INVALID")
