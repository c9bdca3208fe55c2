"""The rate limiter: how often something may happen."""

from abc import ABC, abstractmethod
from datetime import timedelta

import attrs


@attrs.frozen(kw_only=True)
class Decision:
    """Whether one more is allowed.

    Attributes:
        allowed: Whether it is; when not, it was not counted.
        limit: How many are allowed in a window.
        remaining: How many more would be allowed right now.
        retry_after: When the next one would be allowed; zero when it would be right now.
        reset_after: When all of them would be allowed again, if nothing more came.
    """

    allowed: bool
    limit: int
    remaining: int
    retry_after: timedelta
    reset_after: timedelta


class Limiter(ABC):
    """Counts what happens by key, so that no more than a limit happens in any window of time."""

    @abstractmethod
    async def hit(self, key: str, limit: int, window: timedelta) -> Decision:
        """Count one more, if that is allowed.

        In any stretch of time as long as the window no more than ``limit`` are allowed (a sliding window), counted by
        one process (``sugardb``) or by all that use one Redis (``redis``).

        Args:
            key: Whom or what it concerns.
            limit: How many are allowed, at least 1.
            window: In how much time, more than zero.

        Raises:
            InvalidError: The limit or the window is not positive, or the key is empty.
            UnavailableError: The cache cannot be reached now.
        """
