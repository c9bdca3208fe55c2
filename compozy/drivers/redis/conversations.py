"""Messages with a count of their tokens, changed as one."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import attrs
from typing_extensions import override

from compozy.contracts.cache import ConversationMetadata, Conversations
from compozy.domain.errors import ConflictError, InvalidError
from compozy.drivers.redis.arguments import name_in, text_in, text_out, ttl_in
from compozy.drivers.redis.commands import Commands, Script

_SUFFIX: Final = b":metadata"
_INTEGER: Final = re.compile(rb"0|-?[1-9][0-9]{0,18}")
_MOST_TOKENS: Final = 2**53 - 1  # the numbers of Lua are exact up to here
_ALL: Final = -1
_AS_IT_IS: Final = 0

_READ: Final = Script.of("""
local messages = redis.pcall('LRANGE', KEYS[1], 0, -1)
if messages.err then return messages end
local tokens = redis.pcall('HGET', KEYS[2], 'tokens')
if type(tokens) == 'table' then return tokens end
return {messages, tokens or '0'}
""")

_CLEAR: Final = Script.of("""
local length = redis.pcall('LLEN', KEYS[1])
if type(length) == 'table' then return length end
local fields = redis.pcall('HLEN', KEYS[2])
if type(fields) == 'table' then return fields end
return redis.call('DEL', KEYS[1], KEYS[2])
""")

# Everything that can be refused is looked at before anything is written. ARGV: the tokens to add, how many messages are
# kept (-1: all), the time to live in milliseconds (0: as it is), and the messages.
_APPEND_TRIM: Final = Script.of("""
local list, hash = KEYS[1], KEYS[2]
local delta, most, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local length = redis.pcall('LLEN', list)
if type(length) == 'table' then return length end
local fields = redis.pcall('HLEN', hash)
if type(fields) == 'table' then return fields end
if length == 0 and fields == 0 and #ARGV == 3 then return {0, 0} end
local held = redis.call('HGET', hash, 'tokens') or '0'
if held ~= '0' and not string.find(held, '^%-?[1-9]%d*$') then
  return redis.error_reply('COMPOZY-CONFLICT the tokens are not an integer')
end
local tokens = math.max(tonumber(held) + delta, 0)
if tokens > 9007199254740991 then
  return redis.error_reply('COMPOZY-CONFLICT the tokens would leave 53 bits')
end
local list_ttl, hash_ttl = redis.call('PTTL', list), redis.call('PTTL', hash)
if most == 0 then
  redis.call('DEL', list)
else
  for i = 4, #ARGV, 1000 do  -- Lua passes some thousands of arguments at most
    redis.call('RPUSH', list, unpack(ARGV, i, math.min(i + 999, #ARGV)))
  end
  if most > 0 then redis.call('LTRIM', list, -most, -1) end
end
redis.call('HSET', hash, 'tokens', string.format('%.0f', tokens))
if ttl > 0 then
  redis.call('PEXPIRE', list, ttl)
  redis.call('PEXPIRE', hash, ttl)
else  -- what is new takes over the time to live of the other
  if list_ttl == -2 and hash_ttl > 0 then redis.call('PEXPIRE', list, hash_ttl) end
  if hash_ttl == -2 and list_ttl > 0 then redis.call('PEXPIRE', hash, list_ttl) end
end
return {redis.call('LLEN', list), tokens}
""")


@attrs.frozen
class RedisConversations(Conversations):
    """Conversations in Redis; each step is one script."""

    _commands: Commands

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
        texts = list(map(text_in, messages))
        lifetime = _AS_IT_IS if ttl is None else ttl_in(ttl)
        _check_numbers(token_delta, max_length)
        most = _ALL if max_length is None else min(max_length, _MOST_TOKENS)
        length, tokens = await self._commands.run(_APPEND_TRIM, _keys(key), token_delta, most, lifetime, *texts)
        return ConversationMetadata(length=length, tokens=tokens)

    @override
    async def read(self, key: str) -> tuple[Sequence[str], ConversationMetadata]:
        messages, tokens = await self._commands.run(_READ, _keys(key))
        if not _INTEGER.fullmatch(tokens):
            raise ConflictError(f'the tokens of "{key}" are not an integer; look at what was written there')
        texts = [text_out(message, f'the conversation "{key}"') for message in messages]
        return texts, ConversationMetadata(length=len(texts), tokens=max(0, int(tokens)))

    @override
    async def clear(self, key: str) -> bool:
        return bool(await self._commands.run(_CLEAR, _keys(key)))


def _keys(key: str) -> tuple[bytes, bytes]:
    name = name_in(key)
    return name, name + _SUFFIX


def _check_numbers(token_delta: int, max_length: int | None) -> None:
    if abs(token_delta) > _MOST_TOKENS:
        raise InvalidError(f"cannot add {token_delta} tokens: it does not fit 53 bits")
    if max_length is not None and max_length < 0:
        raise InvalidError(f"a conversation keeps 0 messages or more, got max_length={max_length}")
