"""Which asyncio event loop the bridge runs: uvloop where there is one, else that of the standard library."""

import asyncio
from collections.abc import Callable
from typing import Final

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

STANDARD: Final[LoopFactory] = asyncio.SelectorEventLoop
"""By class, not by ``asyncio.new_event_loop``: importing trio-asyncio changes what that returns, in threads too."""

try:
    from uvloop import Loop as _UvLoop
except ImportError:  # there is none for Windows
    FASTEST: LoopFactory = STANDARD
else:
    FASTEST = _UvLoop
