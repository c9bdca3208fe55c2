"""What a health check is: a question that is put to an actor again and again while it is ready."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from attrs import validators


@attrs.frozen
class Check:
    """A health check of one actor: it concerns this actor alone, never what it depends on.

    Example::

        async def ping(db):
            await db.execute("select 1")

        @tree.actor(check=Check(ping, every=10, fails=3))
        async def store(ctx): ...

    The first failure makes the actor ``degraded``: its value may still be used. A success makes it ``ready`` again.
    ``fails`` failures in a row make it unhealthy: it is stopped, which counts as a failure, and started again.

    Attributes:
        probe: An async function that takes the actor's value. Raising means unhealthy, and so does returning False.
        every: Seconds from the end of one check to the start of the next, and from readiness to the first.
        fails: Failures in a row that make the actor unhealthy.
        timeout: Seconds after which a check that has not returned counts as failed.
    """

    probe: Callable[[Any], Awaitable[object]]
    every: float = attrs.field(default=10.0, validator=validators.gt(0), kw_only=True)
    fails: int = attrs.field(default=3, validator=validators.ge(1), kw_only=True)
    timeout: float = attrs.field(default=5.0, validator=validators.gt(0), kw_only=True)
