"""The cache in a Redis server (6.2 or newer): redis-py on an asyncio loop, driven from Trio.

:func:`open_cache` is all there is to call. What each role promises is said on its contract in
``compozy.contracts.cache``; what Redis makes of it beyond that:

* A command that is cancelled may be carried out all the same, but before every later command on the same key.
* A time to live is counted in milliseconds, by the clock of the server.
* Locks, the counter of their fences, and the limiter take keys of the same database, which ``Keys.scan`` shows too;
  their names begin with ``compozy:``.
* Locks are as good as the memory of the server: one that restarts without what it knew grants them anew. Their fences
  grow even then, as long as its clock does.
* A member of a cluster is refused; a server behind a proxy or a failover is used like any other.
"""

from compozy.drivers.redis.cache import RedisCache, open_cache
from compozy.drivers.redis.connecting import Connecting
from compozy.drivers.redis.limiter import RedisLimiter

__all__ = ["Connecting", "RedisCache", "RedisLimiter", "open_cache"]
