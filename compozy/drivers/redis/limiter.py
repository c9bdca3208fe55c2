"""How often something may happen, counted by all who use the same Redis.

The time of each hit is kept for as long as the window, by the server's clock: only that makes the limit exact in any
stretch of time, whoever counts. A fixed window, or a rate with a burst (GCRA), would be one number per key, and let up
to twice the limit through around a boundary.

When that clock is set back, hits of a time to come are forgotten: else clients were kept out until that time.
"""

from datetime import timedelta
from typing import Final

import attrs
from typing_extensions import override

from compozy.contracts.limiter import Decision, Limiter
from compozy.domain.errors import InvalidError
from compozy.drivers.redis.arguments import name_in
from compozy.drivers.redis.commands import Commands, Script

PREFIX: Final = b"compozy:limit:"
_MICROSECOND: Final = timedelta(microseconds=1)

# Times are in microseconds since 1970, which the numbers of Lua hold exactly until the year 2255.
_HIT: Final = Script.of("""
local hits, limit, window = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local newest = redis.call('LINDEX', hits, -1)
while newest and tonumber(newest) > now do
  redis.call('RPOP', hits)
  newest = redis.call('LINDEX', hits, -1)
end
local oldest = redis.call('LINDEX', hits, 0)
while oldest and tonumber(oldest) + window <= now do
  redis.call('LPOP', hits)
  oldest = redis.call('LINDEX', hits, 0)
end
local count = redis.call('LLEN', hits)
local allowed = count < limit
if allowed then
  redis.call('RPUSH', hits, string.format('%.0f', now))
  redis.call('PEXPIRE', hits, string.format('%.0f', math.ceil(window / 1000)))
  count = count + 1
end
local wait = 0
if count >= limit then wait = redis.call('LINDEX', hits, count - limit) + window - now end
return {allowed and 1 or 0, math.max(limit - count, 0), wait, redis.call('LINDEX', hits, -1) + window - now}
""")


@attrs.frozen
class RedisLimiter(Limiter):
    """A limiter in Redis. Made by :func:`compozy.drivers.redis.open_cache`, as ``cache.limiter``."""

    _commands: Commands

    async def ping(self) -> None:
        """Return when the server answers.

        Raises:
            UnavailableError: It does not.
        """
        await self._commands.ask(b"PING")

    @override
    async def hit(self, key: str, limit: int, window: timedelta) -> Decision:
        name = PREFIX + name_in(key)
        if limit < 1:
            raise InvalidError(f"a limit must be at least 1, got {limit}")
        if window <= timedelta():
            raise InvalidError(f"a window must be more than zero, got {window}")
        answer = await self._commands.run(_HIT, (name,), limit, window // _MICROSECOND)
        allowed, remaining, wait, reset = answer
        return Decision(
            allowed=bool(allowed),
            limit=limit,
            remaining=remaining,
            retry_after=wait * _MICROSECOND,
            reset_after=reset * _MICROSECOND,
        )
