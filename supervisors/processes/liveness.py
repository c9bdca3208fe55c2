"""Asks a child process that is ready, again and again, whether it is well."""

import trio

from supervisors.errors import ProbeError
from supervisors.processes.probes import Child, Polling
from supervisors.processes.supervised import Supervised


class Liveness:
    """How to ask.

    Args:
        probe: Asks once each time.
        every: Seconds from readiness to the first attempt, and from the end of one to the next.
        fails: Failures in a row that make the actor unhealthy.

    Raises:
        TypeError: The probe is none that can ask again.
        ValueError: A number is out of range.
    """

    __slots__ = ("every", "fails", "probe")

    def __init__(self, *, probe: Polling, every: float, fails: int) -> None:
        if not isinstance(probe, Polling):
            raise TypeError(f"alive={probe!r} cannot ask again; give a tcp, http or command probe, or a Polling")
        if not every > 0:  # nor is nan
            raise ValueError(f"every={every!r} leaves no time between two questions; give seconds, more than 0")
        if fails < 1:
            raise ValueError(f"fails={fails!r} would make it unhealthy without a failure; give 1 at least")
        self.probe = probe
        self.every = every
        self.fails = fails


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
