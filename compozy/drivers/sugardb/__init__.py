"""The embedded cache of standalone mode: plain data structures on the Trio thread; no listener, no thread of its own.

``open_cache`` is all there is to call, and ``open`` the same for a cache that is kept in a folder and used alone::

    async with sugardb.open("data") as db:
        await db.kv.set("greeting", "hello", ttl=timedelta(days=1))

What each role promises is said on its contract in ``compozy.contracts.cache``.

The modules, from the bottom: a keyspace (``effects``, ``deadlines``, ``keyspace``, ``memory``) and the ``database``
that changes it; the roles on that (``kv``, ``lists``, ``hashes``, ``keys`` with ``scanning`` and ``patterns``,
``conversations``, ``locks``) and those that have no keys (``pubsub``, ``limiter``); and what is on disk (``records``
and ``encoding``, ``files`` and ``log_file``, ``journal``, ``capture``, ``snapshot``, ``rewriting``, ``recovery``),
put together in ``durable``.
"""

from compozy.drivers.sugardb.cache import open_cache
from compozy.drivers.sugardb.cache import open_kept as open  # noqa: A004 - it reads well behind the package's name
from compozy.drivers.sugardb.limiter import SugarLimiter

__all__ = ["SugarLimiter", "open", "open_cache"]
