"""What can happen to a running tree, and what is to be done about it: how reducer and executor talk."""

import attrs

from supervisors.errors import AbandonedError
from supervisors.events import Event

# Inputs. Each carries the time; what concerns a task names its generation too.


@attrs.frozen(kw_only=True)
class Boot:
    """The tree was opened."""

    at: float


@attrs.frozen(kw_only=True)
class Started:
    """An actor announced its readiness."""

    at: float
    name: str
    generation: int


@attrs.frozen(kw_only=True)
class Extended:
    """An actor asked for more time to start."""

    at: float
    name: str
    generation: int
    seconds: float


@attrs.frozen(kw_only=True)
class Ended:
    """The task of an actor ended: with this error, or by returning this result; `chance` is the jitter of a backoff."""

    at: float
    name: str
    generation: int
    error: BaseException | None = None
    result: object = None
    chance: float = 0.5


@attrs.frozen(kw_only=True)
class Tick:
    """Time has come for all that was due by now."""

    at: float


@attrs.frozen(kw_only=True)
class StopRequested:
    """The tree is to go down; again and hurried: without asking nicely."""

    at: float
    why: str
    hurried: bool = False


@attrs.frozen(kw_only=True)
class RestartRequested:
    """An operator wants this actor, and so all that need it, started again."""

    at: float
    name: str


@attrs.frozen(kw_only=True)
class Broken:
    """Something that is no actor failed on behalf of the tree, such as an observer of its events."""

    at: float
    name: str
    error: BaseException


Input = Boot | Started | Extended | Ended | Tick | StopRequested | RestartRequested | Broken

# Effects, to be carried out in the order given.


@attrs.frozen
class Emit:
    """Tell the observers."""

    event: Event


@attrs.frozen
class Start:
    """Run the actor's function in a task, with the present values of what it needs."""

    name: str
    generation: int


@attrs.frozen
class Ask:
    """Ask the task to stop."""

    name: str
    generation: int


@attrs.frozen
class Cancel:
    """Cancel the task."""

    name: str
    generation: int


@attrs.frozen
class Abandon:
    """Count on the task no more; note on the error where it hangs."""

    name: str
    generation: int
    error: AbandonedError


Effect = Emit | Start | Ask | Cancel | Abandon
