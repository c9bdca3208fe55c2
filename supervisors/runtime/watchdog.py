"""Notices that one task keeps the event loop from coming back, and says whose task it is and where it is just now.

A thread watches, since the loop itself cannot. How they meet:

- Before each step of a task the loop notes the task and the time, in one tuple that is replaced as a whole, so the
  thread always reads a pair that belongs together. That is all it costs while nothing is wrong. Whether the step still
  runs is read off the task's coroutine, which saves a second hook at the end of each step.
- The thread looks at the last step, sleeps until that is as old as the limit, and looks again. Another step: it starts
  over with that one, which is younger than the look before, so every block is noticed the moment it exceeds the limit,
  and there are at most two wake-ups per limit. The same step, still running: that is a block.
- The same step, not running: the loop is idle. The thread sleeps without a timeout, until the loop rouses it before the
  next step: an idle program wakes up nobody.
- Once it has reported a block it asks the loop for a step, which comes as soon as the block is over and rouses it.

The loop writes `step` and then reads `is_awaited`; the thread writes `is_awaited` and then reads `step`. So whatever
their order, one of them sees what the other did, and no step goes by unnoticed while the thread falls asleep.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic, process_time
from types import FrameType
from typing import NamedTuple

import trio
from trio.lowlevel import Task

from supervisors.runtime.blocked import Blocked, log_blocked

LIMIT = 1.0
"""Seconds that a step may take by default."""

_FAREWELL = 1.0  # seconds that a callback may still take when the watch ends; the event loop waits meanwhile

Step = tuple[Task, float]


class WatchdogStatistics(NamedTuple):
    """A snapshot of a watch.

    Attributes:
        wakeups: How often the thread woke up; stands still while the loop is idle.
        blocks: How many blocks it noticed.
    """

    wakeups: int
    blocks: int


@contextmanager
def watching(
    limit: float = LIMIT,
    *,
    owner_of: Callable[[Task], str | None],
    on_blocked: Callable[[Blocked], None] = log_blocked,
) -> Iterator["Watchdog"]:
    """Watch the event loop that runs this block, from a thread of its own that ends with the block.

    Args:
        limit: Seconds that one step of a task may take, more than 0.
        owner_of: Name of the actor whose task this is, or None; asked for the task that blocks and then for each of its
            ancestors. Called in the thread, while the loop stands still.
        on_blocked: Gets one report while the loop is blocked, and another when it is back. Called in the thread; must
            not wait for the loop. What it raises is logged.

    Raises:
        ValueError: The limit is out of range.
    """
    if not 0 < limit < threading.TIMEOUT_MAX:
        raise ValueError(f"a limit of {limit!r} s cannot be watched; give a positive number of seconds")
    watchdog = Watchdog(limit, owner_of, on_blocked)
    watchdog.start()
    trio.lowlevel.add_instrument(watchdog.pulse)
    try:
        yield watchdog
    finally:
        watchdog.stop()
        trio.lowlevel.remove_instrument(watchdog.pulse)


class LoopWatch:
    """Whether and how the event loop of a tree is watched.

    Attributes:
        blocked_after: Seconds that a step of a task may take; None: it is not watched.
        on_blocked: Gets the reports; see `watching`.
    """

    __slots__ = ("blocked_after", "on_blocked")

    def __init__(self, blocked_after: float | None = None, on_blocked: Callable[[Blocked], None] = log_blocked) -> None:
        self.blocked_after = blocked_after
        self.on_blocked = on_blocked

    def watching(self, owner_of: Callable[[Task], str | None]) -> AbstractContextManager[object]:
        """Watch during a block, or do nothing."""
        if self.blocked_after is None:
            return nullcontext()
        return watching(self.blocked_after, owner_of=owner_of, on_blocked=self.on_blocked)


NOT_WATCHED = LoopWatch()


class Pulse(trio.abc.Instrument):
    """What the loop tells the thread.

    Attributes:
        step: The task whose step began last, and when. It is kept until the next one begins, idle or not.
        is_awaited: Whether the thread wants to be roused before the next step.
        bell: Rouses it.
    """

    def __init__(self) -> None:
        self.step: Step = (trio.lowlevel.current_task(), monotonic())
        self.is_awaited = False
        self.bell = threading.Event()

    def before_task_step(self, task: Task) -> None:
        """Note a step."""
        self.step = (task, monotonic())
        if self.is_awaited:
            self.is_awaited = False
            self.bell.set()


class Watchdog:
    """A watch of one event loop; see `watching`.

    Attributes:
        pulse: To be installed as an instrument.
    """

    def __init__(
        self, limit: float, owner_of: Callable[[Task], str | None], on_blocked: Callable[[Blocked], None]
    ) -> None:
        self.pulse = Pulse()
        self._limit = limit
        self._owner_of = owner_of
        self._on_blocked = on_blocked
        self._loop = trio.lowlevel.current_trio_token()
        self._loop_thread = threading.get_ident()
        # A daemon: a process that dies while the loop is blocked is not to wait for the one who says so.
        self._thread = threading.Thread(target=self._watch, name="supervisors watchdog", daemon=True)
        self._is_stopped = False
        self._wakeups = 0
        self._blocks = 0

    def statistics(self) -> WatchdogStatistics:
        """Return a snapshot."""
        return WatchdogStatistics(wakeups=self._wakeups, blocks=self._blocks)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and return once it has ended."""
        self._is_stopped = True
        self.pulse.bell.set()
        self._thread.join(_FAREWELL)
        if self._thread.is_alive():
            _log().error("the watchdog's callback %r does not return; its thread is left behind", self._on_blocked)

    def _watch(self) -> None:
        while not self._is_stopped:
            step = self.pulse.step
            since = self._outwait(step)
            if since is None:
                continue
            if self._runs(step):
                self._attend(step, since)
            else:
                self._await_step_after(step)

    def _outwait(self, step: Step) -> float | None:
        """Sleep until this step is as old as the limit; return its beginning, or None when another has begun since.

        A step that has ended is waited for just the same. That keeps the wake-ups few when steps are short, and makes
        sure that one which is noted but does not run yet is not taken for one that has ended.
        """
        since = step[1]
        while self.pulse.step is step and not self._is_stopped:
            remaining = since + self._limit - monotonic()
            if remaining <= 0 and not self._is_debugged(step[0]):
                return since
            # Time in which the process stood still proves nothing about the loop: the measure starts anew.
            if remaining <= 0 or self._was_suspended(remaining):
                since = monotonic()
        return None

    def _was_suspended(self, seconds: float) -> bool:
        """Sleep; return whether the whole process stood still meanwhile, as opposed to merely this thread.

        A call that holds the interpreter's lock all the time keeps this thread from running too, but uses the CPU.
        """
        began, used = monotonic(), process_time()
        self._sleep(seconds)
        late = monotonic() - began - seconds
        return late > self._limit and process_time() - used < late / 10

    def _attend(self, step: Step, since: float) -> None:
        """Report that this step blocks the loop, and again when it is over."""
        task = step[0]
        frames = list(self._frames(task))
        if not self._runs(step):  # it ended while we looked, so the frames may be another's
            return
        self._blocks += 1
        seconds = monotonic() - since
        # Only now, since that reads source files, and what uses the interpreter's lock up may go on meanwhile.
        stack = "".join(traceback.StackSummary.extract(reversed(frames)).format())
        blocked = Blocked(actor=self._owner(task), task=task.name, seconds=seconds, stack=stack)
        self._report(blocked)
        self._ask_for_step()
        while self.pulse.step is step and not self._is_stopped:
            self._await_step_after(step)
        after = self.pulse.step
        until = after[1] if after is not step else monotonic()
        self._report(blocked._replace(seconds=until - since, is_over=True))

    def _report(self, blocked: Blocked) -> None:
        try:
            self._on_blocked(blocked)
        except Exception:  # noqa: BLE001 - whatever it is, the watch goes on
            _log().exception("the watchdog's callback %r failed on: %s", self._on_blocked, blocked)

    def _owner(self, task: Task) -> str | None:
        ancestor: Task | None = task
        try:
            while ancestor is not None:
                name = self._owner_of(ancestor)
                if name is not None:
                    return name
                ancestor = ancestor.parent_nursery.parent_task if ancestor.parent_nursery is not None else None
        except Exception:  # noqa: BLE001 - the report matters more
            _log().exception("the watchdog cannot tell whose task %s is", task.name)
        return None

    def _ask_for_step(self) -> None:
        try:
            self._loop.run_sync_soon(_nothing)
        except trio.RunFinishedError:  # then there was a last step, which we have seen, or will be stopped
            return

    def _await_step_after(self, step: Step) -> None:
        self.pulse.is_awaited = True
        if self.pulse.step is step and not self._is_stopped:
            self._sleep(None)
        self.pulse.is_awaited = False

    def _sleep(self, seconds: float | None) -> None:
        self.pulse.bell.wait(seconds)
        # In this order: `stop` sets the flag and then the bell, so what is cleared here is not the last we hear of it.
        self.pulse.bell.clear()
        self._wakeups += 1

    def _runs(self, step: Step) -> bool:
        return self.pulse.step is step and getattr(step[0].coro, "cr_running", False)

    def _is_debugged(self, task: Task) -> bool:
        """Whether the task waits at a breakpoint: to block is what that is for."""
        return any(frame.f_globals.get("__name__") == "bdb" for frame, _ in self._frames(task))

    def _frames(self, task: Task) -> Iterator[tuple[FrameType, int]]:
        """Yield the live frames of the loop's thread, innermost first, out to the function of the task."""
        outermost = getattr(task.coro, "cr_frame", None)
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 - documented, underscore and all
        while frame is not None:
            yield frame, frame.f_lineno
            # Further out there is only Trio itself, and whoever called `trio.run`.
            frame = frame.f_back if frame is not outermost else None


def _log() -> logging.Logger:
    return logging.getLogger("supervisors")


def _nothing() -> None:
    """Run in the loop: that it runs is the point."""
