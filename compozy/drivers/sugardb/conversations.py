"""Messages with a count of their tokens, changed as one."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import attrs
from typing_extensions import override

from compozy.contracts.cache import ConversationMetadata, Conversations
from compozy.domain.errors import ConflictError, InvalidError
from compozy.drivers.sugardb.arguments import checked_name, checked_text, checked_ttl
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.effects import Append, Effect, Expire, Put, PutFields, Remove, Trim
from compozy.drivers.sugardb.integers import stored_integer

_SUFFIX: Final = ":metadata"
_TOKENS: Final = "tokens"
_MOST_TOKENS: Final = 2**53 - 1


class _Conversation(NamedTuple):
    """What there is of a conversation.

    Attributes:
        key: Which one.
        messages: The list, or None.
        fields: The hash beside it, or None.
    """

    key: str
    messages: list[str] | None
    fields: dict[str, str] | None

    @property
    def is_absent(self) -> bool:
        return self.messages is None and self.fields is None

    @property
    def length(self) -> int:
        return len(self.messages or ())

    @property
    def tokens(self) -> int:
        return max(0, self._stored_tokens())

    def tokens_after(self, delta: int) -> int:
        total = self._stored_tokens() + delta
        if total > _MOST_TOKENS:
            raise ConflictError(f'adding {delta} to the tokens of "{self.key}" would leave 53 bits; it is unchanged')
        return max(0, total)

    def _stored_tokens(self) -> int:
        return stored_integer(f'the tokens of "{self.key}"', (self.fields or {}).get(_TOKENS))


@attrs.frozen
class SugarConversations(Conversations):
    """Conversations in memory; each step is one critical section because nothing else runs meanwhile."""

    _database: Database

    @override
    async def append_trim(
        self,
        key: str,
        messages: Sequence[str | bytes],
        *,
        token_delta: int = 0,
        max_length: int | None = None,
        ttl: timedelta | None = None,
    ) -> ConversationMetadata:
        await self._database.take_turn()
        texts = list(map(checked_text, messages))
        deadline = None if ttl is None else self._database.keyspace.now() + checked_ttl(ttl)
        _check_numbers(token_delta, max_length)
        present = self._find(checked_name(key))
        if present.is_absent and not texts:
            return ConversationMetadata()
        length = present.length + len(texts)
        kept = length if max_length is None else min(length, max_length)
        tokens = present.tokens_after(token_delta)
        until = self._inherited(present) if deadline is None else deadline
        messages_now = _message_effects(present, texts, kept, until, renews=deadline is not None)
        tokens_now = _token_effects(present, tokens, until, renews=deadline is not None)
        await self._database.write(*messages_now, *tokens_now)
        return ConversationMetadata(length=kept, tokens=tokens)

    @override
    async def read(self, key: str) -> tuple[Sequence[str], ConversationMetadata]:
        await self._database.take_turn()
        present = self._find(checked_name(key))
        return list(present.messages or ()), ConversationMetadata(length=present.length, tokens=present.tokens)

    @override
    async def clear(self, key: str) -> bool:
        await self._database.take_turn()
        present = self._find(checked_name(key))
        if present.is_absent:
            return False
        await self._database.write(Remove(key), Remove(key + _SUFFIX))
        return True

    def _find(self, key: str) -> _Conversation:
        return _Conversation(key, self._database.find_list(key), self._database.find_hash(key + _SUFFIX))

    def _inherited(self, present: _Conversation) -> float:
        """Return the deadline that is left as it is: the list's, or the hash's where there is no list."""
        key = present.key if present.messages is not None else present.key + _SUFFIX
        return self._database.keyspace.deadline(key)


def _message_effects(
    present: _Conversation, texts: list[str], kept: int, until: float, *, renews: bool
) -> Iterator[Effect]:
    """Yield what appends to the list, trims it to as many as are kept, and renews its deadline."""
    key, length = present.key, present.length + len(texts)
    if kept == 0:
        if present.messages is not None:
            yield Remove(key)
    elif kept <= len(texts):
        yield Put(key, texts[len(texts) - kept :], until)
    else:
        if texts:
            yield Append(key, texts)
        if kept < length:
            yield Trim(key, length - kept, length)
        if renews:
            yield Expire(key, until)


def _token_effects(present: _Conversation, tokens: int, until: float, *, renews: bool) -> Iterator[Effect]:
    """Yield what sets the tokens and renews the deadline of the hash."""
    beside, fields = present.key + _SUFFIX, {_TOKENS: str(tokens)}
    if present.fields is None:
        yield Put(beside, fields, until)
    else:
        yield PutFields(beside, fields)
        if renews:
            yield Expire(beside, until)


def _check_numbers(token_delta: int, max_length: int | None) -> None:
    if abs(token_delta) > _MOST_TOKENS:
        raise InvalidError(f"cannot add {token_delta} tokens: it does not fit 53 bits")
    if max_length is not None and max_length < 0:
        raise InvalidError(f"a conversation keeps 0 messages or more, got max_length={max_length}")
