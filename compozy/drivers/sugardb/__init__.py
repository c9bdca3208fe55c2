"""The embedded cache of standalone mode: plain data structures on the Trio thread; no listener, no thread.

``open_cache`` is all there is to call. What each role promises is said on its contract in ``compozy.contracts.cache``.
"""

from compozy.drivers.sugardb.cache import open_cache

__all__ = ["open_cache"]
