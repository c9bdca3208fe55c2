"""How long to wait before an actor that failed is started again."""

import math

import attrs
from attrs import validators


@attrs.frozen
class Backoff:
    """Exponential backoff with half of it left to chance.

    The wait before attempt k is drawn from U(d/2, d) with d = min(cap, base * 2^(k-1)): two programs that failed
    together do not come back together, and none comes back at once.

    Attributes:
        base: Upper bound of the first wait, in seconds; 0: every attempt follows at once.
        cap: Upper bound of every wait, in seconds.

    Source: "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015), the "equal jitter" variant.
    """

    base: float = attrs.field(default=0.2, validator=validators.ge(0))
    cap: float = attrs.field(default=30.0, validator=validators.ge(0))

    def delay(self, attempt: int, *, chance: float) -> float:
        """Return the wait before this attempt, in seconds.

        Args:
            attempt: 1 for the first failure of a streak.
            chance: A number drawn from [0, 1).
        """
        if not self.base or not self.cap:
            return 0.0
        doublings = min(
            attempt - 1, math.log2(max(self.cap / self.base, 1)) + 1
        )  # the cap rules beyond; avoids overflow
        longest: float = min(self.cap, self.base * 2.0**doublings)
        return longest * (0.5 + chance / 2)
