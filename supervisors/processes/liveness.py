"""Asks a child process that is ready, again and again, whether it is well."""

import attrs
import trio
from attrs import validators

from supervisors.errors import ProbeError
from supervisors.processes.probes import Child, Polling
from supervisors.processes.supervised import Supervised


@attrs.frozen(kw_only=True)
class Liveness:
    """How to ask.

    Attributes:
        probe: Asks once each time.
        every: Seconds from readiness to the first attempt, and from the end of one to the next.
        fails: Failures in a row that make the actor unhealthy.
    """

    probe: Polling = attrs.field()
    every: float = attrs.field(validator=validators.gt(0))
    fails: int = attrs.field(validator=validators.ge(1))

    @probe.validator
    def _can_ask_again(self, _: object, probe: object) -> None:
        if not isinstance(probe, Polling):
            raise TypeError(f"alive={probe!r} cannot ask again; give a tcp, http or command probe, or a Polling")


async def watch(actor: Supervised, child: Child, liveness: Liveness) -> None:
    """Report how each attempt ended, until the actor is asked to stop; then an attempt under way is broken off."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_ask_for_ever, actor, child, liveness)
        await actor.stopping.wait()
        nursery.cancel_scope.cancel()


async def _ask_for_ever(actor: Supervised, child: Child, liveness: Liveness) -> None:
    while True:
        await trio.sleep(liveness.every)
        try:
            await liveness.probe.attempt(child)
        except ProbeError as failure:
            actor.report_health(str(failure), fails=liveness.fails)
        else:
            actor.report_health(None, fails=liveness.fails)
