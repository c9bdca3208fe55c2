"""The errors of the library, one tree; a class exists only where some caller handles it differently.

::

    SupervisorError
    ├── TreeError           the declaration of a tree is wrong; raised before anything starts
    ├── Unavailable         the actor has no value to give just now
    ├── TreeStopped         what was waited for will not come: the tree is going down
    ├── ActorCrashed        a question was taken and not answered; with the letters, in `supervisors.messages.letters`
    ├── InboxError          an inbox is used in a wrong way; likewise
    ├── ReadinessError      an actor announced its readiness twice, or too late
    ├── LogError            a log of events is wrong, in one of its lines or in what follows on what
    ├── ProbeError          a probe has asked a child process once, and it cannot be used
    └── ActorError          why an actor failed when it raised nothing itself
        ├── StartTimeoutError    not ready in time
        ├── EarlyReturnError     returned although nobody had asked it to stop
        ├── UnhealthyError       failed its health checks, or did not say in time that it is alive
        ├── ChildExitError       its child process ended by itself
        └── AbandonedError       did not end even when cancelled

    TreeFailed              an exception group of root causes: what leaving a tree raises after an actor gave up
"""

from collections.abc import Sequence
from typing import Self


class SupervisorError(Exception):
    """Anything that this library reports on purpose, except the group of root causes."""


class TreeError(SupervisorError):
    """The declaration of a tree is wrong.

    Args:
        problems: All that is wrong, each a sentence that names the actor and the way out.
    """

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class Unavailable(SupervisorError):  # noqa: N818 - reads as the state it reports: `except Unavailable`
    """The actor has no value to give just now.

    Args:
        actor: Name of the actor that was asked for.
        why: One sentence about its state.
    """

    def __init__(self, actor: str, why: str) -> None:
        self.actor = actor
        self.why = why
        super().__init__(actor, why)

    def __str__(self) -> str:
        return f"{self.actor!r} is not available: {self.why}"


class TreeStopped(SupervisorError):  # noqa: N818 - reads as the state it reports
    """What was waited for will not come: the tree is going down."""


class ReadinessError(SupervisorError):
    """An actor announced its readiness twice, or after its generation had ended."""


class LogError(SupervisorError):
    """A log of events is wrong.

    Args:
        number: Of the event, or of its line; counts from 1.
        problem: What is wrong with it.
    """

    def __init__(self, number: int, problem: str) -> None:
        self.number = number
        self.problem = problem
        super().__init__(number, problem)

    def __str__(self) -> str:
        return f"event {self.number}: {self.problem}"


class ProbeError(SupervisorError):
    """A probe has asked a child process once, and it cannot be used; the message says why."""


class ActorError(SupervisorError):
    """Why an actor failed when it raised nothing itself.

    Args:
        actor: Name of the actor.
        message: What happened, lower case.
    """

    def __init__(self, actor: str, message: str) -> None:
        self.actor = actor
        self.message = message
        super().__init__(actor, message)

    def __str__(self) -> str:
        return self.message


class StartTimeoutError(ActorError):
    """The actor was not ready in time."""


class EarlyReturnError(ActorError):
    """The actor returned although nobody had asked it to stop."""


class UnhealthyError(ActorError):
    """The actor failed its health check too many times in a row, or hung: it did not call `Context.alive` in time."""


class AbandonedError(ActorError):
    """The actor did not end even when it was cancelled; a note shows where it hangs."""


class ChildExitError(ActorError):
    """The child process of an actor ended by itself.

    Args:
        actor: Name of the actor that ran it.
        message: What happened.
        argv: The command.
        returncode: Exit status; negative for the signal that killed it.
        tail: The end of what it wrote, at most 16 KiB; also attached as a note.
    """

    def __init__(self, actor: str, message: str, *, argv: Sequence[str], returncode: int, tail: str) -> None:
        super().__init__(actor, message)
        self.argv = tuple(argv)
        self.returncode = returncode
        self.tail = tail
        self.add_note(f"last output of {self.argv[0]}:\n{tail}" if tail else f"{self.argv[0]} wrote nothing")


class TreeFailed(ExceptionGroup[Exception]):
    """One or more actors gave up, or failed to stop; the exceptions are the root causes only.

    What failed merely because something below it had failed is left out. Each exception carries notes with the
    actor's name, its generation and its history.
    """

    def derive(self, excs: Sequence[Exception], /) -> Self:  # type: ignore[override]  # we never hold a bare BaseException
        """Keep the class when the group is split."""
        return type(self)(self.message, excs)
