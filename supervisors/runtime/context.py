"""What an actor gets as ``ctx``: its own generation, seen from inside."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike

import trio

from supervisors.core.happenings import Checked, Extended, Started, StopRequested
from supervisors.errors import ReadinessError
from supervisors.messages.letters import InboxError
from supervisors.messages.receiver import Receiver
from supervisors.processes.children import Children
from supervisors.processes.groups import ORPHAN_GRACE
from supervisors.processes.liveness import Liveness
from supervisors.processes.probes import Polling, Probe
from supervisors.processes.process import UNSET, Launch, run_child
from supervisors.processes.supervised import Stopping
from supervisors.runtime.board import Board
from supervisors.runtime.incarnation import Incarnation
from supervisors.runtime.view import View


class Context:
    """One generation of one actor, seen from inside.

    It is a `trio.TaskStatus`: what takes ``task_status=`` takes a context, and then its readiness is the actor's.

    Attributes:
        name: The actor.
        generation: 1 for the first start.
        stopping: Set when the actor is asked to stop; what it does then is up to it until its grace is over.
    """

    __slots__ = ("_announced", "_board", "_children", "_incarnation", "generation", "name", "stopping")

    def __init__(self, board: Board, incarnation: Incarnation, children: Children) -> None:
        self.name = incarnation.name
        self.generation = incarnation.generation
        self.stopping: Stopping = incarnation.stopping
        self._board = board
        self._incarnation = incarnation
        self._children = children
        self._announced = False

    def __repr__(self) -> str:
        return f"<Context of {self.name!r}, generation {self.generation}>"

    @property
    def tree(self) -> View:
        """Read access to the whole tree, and messages to its actors."""
        return View(self._board)

    @property
    def inbox(self) -> Receiver:
        """What this actor was told and asked; iterate over it.

        Raises:
            InboxError: It was declared without ``inbox=``, or this generation has ended.
        """
        if self._incarnation.has_ended:
            raise InboxError(f"generation {self.generation} of {self.name!r} has ended; it cannot receive")
        return self._board.inboxes.receive(self.name, self.generation)

    def started(self, value: object = None) -> None:
        """Announce readiness; from now on others may use this value.

        Has no effect when the actor was asked to stop meanwhile.

        Raises:
            ReadinessError: It was announced before, or this generation has ended.
        """
        if self._incarnation.has_ended:
            raise ReadinessError(f"generation {self.generation} of {self.name!r} has ended; it cannot become ready")
        if self._announced:
            raise ReadinessError(f"{self.name!r} announced its readiness twice; call started() once per generation")
        announced = Started(at=trio.current_time(), name=self.name, generation=self.generation)
        self._announced = True
        self._board.values[self.name] = value
        self._board.feed(announced)

    def extend(self, seconds: float) -> None:
        """Ask for this much more time: to become ready, or to stop when it was asked to.

        In total it gets at most ten times its start timeout, or its grace; in a shutdown never more than its share of
        the tree's budget.
        """
        now = trio.current_time()
        self._board.feed(Extended(at=now, name=self.name, generation=self.generation, seconds=seconds))

    def alive(self) -> None:
        """Say that the actor makes progress; with ``watchdog=`` it has to, from its work loop. Costs very little."""
        self._incarnation.alive_at = trio.current_time()

    def report_health(self, problem: str | None, *, fails: int = 1) -> None:
        """Say what is wrong with the actor, or None when nothing is; it becomes degraded, unhealthy or ready again.

        For actors that find out by themselves; see `Check` for one that is asked. Has no effect unless it is ready.

        Args:
            problem: What is wrong.
            fails: The actor is stopped, and started again, after this many reports of a problem in a row.
        """
        now = trio.current_time()
        self._board.feed(Checked(at=now, name=self.name, generation=self.generation, problem=problem, fails=fails))

    def note(self, text: str) -> None:
        """Keep a remark for the error, should this generation end with one; it takes the place of the one before."""
        self._incarnation.note = text

    def request_stop(self, why: str | None = None) -> None:
        """Ask for the whole tree to be stopped, in order; returns at once."""
        self._board.feed(StopRequested(at=trio.current_time(), why=why or f"requested by {self.name}"))

    async def process(
        self,
        argv: Sequence[str | PathLike[str]],
        *,
        ready: Probe | None = None,
        value: object = UNSET,
        grace: float | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | PathLike[str] | None = None,
        pass_fds: Sequence[int] = (),
        umask: int = -1,
        orphan_grace: int = ORPHAN_GRACE,
        on_line: Callable[[str], None] | None = None,
        alive: Polling | None = None,
        every: float = 10.0,
        fails: int = 3,
    ) -> None:
        """Run a child process as this actor, until it ends or the actor is asked to stop.

        It and its descendants form a process group that is ended with TERM, then KILL, and that goes down with this
        program even if that is killed. What it writes is always read.

        Cancellation: TERM to the group if it was not sent yet, KILL a second after it.

        Args:
            argv: The command; no shell is involved.
            ready: Waits until the child can be used; None: it is ready once it runs.
            value: The actor's value; when not given, what the probe returned.
            grace: Seconds from TERM to KILL; None: until the actor's own grace is over.
            env: Its whole environment; None: that of this program.
            cwd: Its working directory; None: that of this program.
            pass_fds: Descriptors that the child inherits, such as a lock that must outlive this program; POSIX only.
            umask: Permissions that no file it makes shall have (0o077: only the owner's are left); -1: as this program.
                POSIX only.
            orphan_grace: Whole seconds from TERM to KILL for its group when this program has died without ending it. 0
                sends KILL at once: for what keeps its files sound whatever happens to it, so that a successor need not
                wait for its farewell. POSIX only.
            on_line: Gets each line that it writes, without the line end; must not block.
            alive: Asks again and again, once it is ready, whether it is well; one failure makes the actor degraded,
                more of them in a row unhealthy, which ends it and starts it again. None: it is well while it runs.
            every: Seconds from one such question to the next.
            fails: Failures in a row that make it unhealthy.

        Raises:
            ChildExitError: The child ended by itself, before or after it was ready.
            OSError: It could not be started.
        """
        command = tuple(map(str, argv))
        launch = Launch(
            argv=command,
            ready=ready,
            value=value,
            grace=grace,
            env=env,
            cwd=cwd,
            pass_fds=pass_fds,
            umask=umask,
            orphan_grace=orphan_grace,
            on_line=on_line,
            liveness=Liveness(probe=alive, every=every, fails=fails) if alive is not None else None,
        )
        await run_child(self, launch, self._children)
