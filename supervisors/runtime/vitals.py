"""Asks after the health of an actor while it is ready: from outside by its check, from inside by its watchdog."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import trio

from supervisors.core.events import describe
from supervisors.core.happenings import Broken, Checked, Hung
from supervisors.core.health import Check
from supervisors.errors import UnhealthyError
from supervisors.runtime.board import Board
from supervisors.runtime.incarnation import Incarnation
from supervisors.runtime.stacks import describe_stack

Watch = Callable[[], Awaitable[None]]


def vital_signs(incarnation: Incarnation, board: Board) -> Iterator[tuple[str, Watch]]:
    """Yield what has to run beside a generation that became ready, each with a name for its task."""
    name, generation, spec = incarnation.name, incarnation.generation, incarnation.spec
    if (check := spec.check) is not None:
        fails = check.fails

        def checked(problem: str | None) -> None:
            now = trio.current_time()
            board.feed(Checked(at=now, name=name, generation=generation, problem=problem, fails=fails))

        async def checking() -> None:
            try:
                await run_check(check, lambda: board.values.get(name), checked)
            except trio.Cancelled:
                raise
            except BaseException as error:  # noqa: BLE001 - would end all of Trio; now it ends the tree, in order
                board.feed(Broken(at=trio.current_time(), name=f"check of {name}", error=error))

        yield f"check of {name}", checking
    if spec.watchdog is not None:
        incarnation.alive_at = trio.current_time()

        def hung(error: Exception) -> None:
            board.feed(Hung(at=trio.current_time(), name=name, generation=generation, error=error))

        yield f"watchdog of {name}", partial(watch_signs_of_life, incarnation, spec.watchdog, hung)


async def run_check(check: Check, value: Callable[[], object], report: Callable[[str | None], None]) -> None:
    """Check again and again, until cancelled.

    Args:
        check: What to do and how often.
        value: Returns the actor's value: that of a pool's child may come after it is ready.
        report: Gets what is wrong after each check, or None.
    """
    while True:
        await trio.sleep(check.every)
        report(await _ask(check, value()))


async def _ask(check: Check, value: object) -> str | None:
    problem: str | None = f"no answer within {check.timeout:g} s"
    with trio.move_on_after(check.timeout):
        try:
            problem = "the check returned False" if await check.probe(value) is False else None
        except Exception as error:  # noqa: BLE001 - whatever a check raises means that the actor is not healthy
            problem = describe(error)
    return problem


async def watch_signs_of_life(incarnation: Incarnation, within: float, report: Callable[[Exception], None]) -> None:
    """Wait until an actor does not say in time that it is alive; report that once.

    Args:
        incarnation: The generation that is to call `Context.alive`.
        within: Seconds from one sign of life to the next.
        report: Gets the error, with a note of where the actor is.
    """
    while True:
        due = incarnation.alive_at + within
        if due <= trio.current_time():
            break
        await trio.sleep_until(due)
    error = UnhealthyError(incarnation.name, f"did not call ctx.alive() for {within:g} s")
    if incarnation.task is not None:
        error.add_note(f"{incarnation.name!r} is here:\n{describe_stack(incarnation.task)}")
    report(error)
