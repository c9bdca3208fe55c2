"""asyncio kept in a bottle: this room alone runs asyncio loops; the rest of the program is Trio."""

from compozy.bridge.exchange import Exchange, Question
from compozy.bridge.host import AsyncioHost, HostClosedError, open_asyncio_host

__all__ = ["AsyncioHost", "Exchange", "HostClosedError", "Question", "open_asyncio_host"]
