"""The turn that every operation takes before its synchronous step."""

import trio

from compozy.domain.errors import UnavailableError


class Turns:
    """Lets operations in, one at a time since there is one thread, until the cache is closed.

    Attributes:
        taken: How many there have been.
    """

    def __init__(self) -> None:
        self._is_open = True
        self.taken = 0

    async def take(self) -> None:
        """Pass a checkpoint; what follows up to the next ``await`` is the operation.

        Raises:
            UnavailableError: The cache is closed.
        """
        await trio.lowlevel.checkpoint()
        self.require_open()
        self.taken += 1

    def require_open(self) -> None:
        """Refuse when the cache is closed.

        Raises:
            UnavailableError: It is.
        """
        if not self._is_open:
            raise UnavailableError("the embedded cache is closed; it lives as long as the program's cache actor")

    def close(self) -> None:
        """Refuse every operation from now on."""
        self._is_open = False
