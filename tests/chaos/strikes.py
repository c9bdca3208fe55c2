"""Which strike falls when: all of it follows from the seed."""

from collections.abc import Sequence
from random import Random

import attrs


@attrs.frozen(kw_only=True)
class Strike:
    """One kill.

    Attributes:
        victim: What is killed.
        at: It falls when so many executions have ended,
        latest_s: or so many seconds after the strike before it, if that is earlier;
        delay_s: and then so many seconds later.
        down_s: For how many seconds what was killed stays away.
    """

    victim: str
    at: int
    latest_s: float
    delay_s: float
    down_s: float


def chance(seed: int, purpose: str) -> Random:
    """Return the chance of one purpose; each has its own, for they ask in an order that is not always the same."""
    return Random(f"{purpose} {seed}")  # noqa: S311 - nobody must be kept from foreseeing it


def plan_strikes(random: Random, victims: Sequence[str], *, executions: int, count: int) -> list[Strike]:
    """Return strikes in the order in which they fall, spread over the executions; every victim has its turn.

    One in four falls right after the one before it: what was killed is then still away, or just coming back.
    """
    order: list[str] = []
    while len(order) < count:
        order += random.sample(victims, len(victims))
    return [
        Strike(
            victim=victim,
            at=executions * (place + 1) // (count + 1),
            latest_s=0.0 if place and random.random() < 1 / 4 else 4.0,
            delay_s=random.uniform(0.0, 0.5),
            down_s=random.choice([0.0, random.uniform(0.0, 2.0)]),
        )
        for place, victim in enumerate(order[:count])
    ]
