"""What can happen to a running tree, and what is to be done about it: how reducer and executor talk."""

import attrs

from supervisors.errors import AbandonedError
from supervisors.events import Event
from supervisors.specs import ActorSpec

# Inputs. Each carries the time; what concerns a task names its generation too. None is compared with another: that
# saves a good part of the time that importing this module takes.


@attrs.frozen(kw_only=True, eq=False)
class Boot:
    """The tree was opened."""

    at: float


@attrs.frozen(kw_only=True, eq=False)
class Started:
    """An actor announced its readiness."""

    at: float
    name: str
    generation: int


@attrs.frozen(kw_only=True, eq=False)
class Extended:
    """An actor asked for more time to start, or to stop."""

    at: float
    name: str
    generation: int
    seconds: float


@attrs.frozen(kw_only=True, eq=False)
class Ended:
    """The task of an actor ended.

    Attributes:
        error: What it raised, or None.
        result: What it returned.
        chance: The jitter of a backoff that follows.
        said: What the actor had noted about its state, for an error that is made up for it.
    """

    at: float
    name: str
    generation: int
    error: BaseException | None = None
    result: object = None
    chance: float = 0.5
    said: str = ""


@attrs.frozen(kw_only=True, eq=False)
class Checked:
    """A health check of an actor returned: with what is wrong, or None; so many failures in a row are too many."""

    at: float
    name: str
    generation: int
    problem: str | None
    fails: int


@attrs.frozen(kw_only=True, eq=False)
class Hung:
    """An actor did not say in time that it is alive."""

    at: float
    name: str
    generation: int
    error: BaseException


@attrs.frozen(kw_only=True, eq=False)
class Tick:
    """Time has come for all that was due by now.

    Attributes:
        due: The actors whose deadline that may be; None: look at all of them.
    """

    at: float
    due: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True, eq=False)
class Spawn:
    """A child is added to a pool."""

    at: float
    spec: ActorSpec


@attrs.frozen(kw_only=True, eq=False)
class Dismissed:
    """A child of a pool is to stop, alone and for good."""

    at: float
    name: str
    why: str


@attrs.frozen(kw_only=True, eq=False)
class StopRequested:
    """The tree is to go down; again and hurried: without asking nicely."""

    at: float
    why: str
    hurried: bool = False


@attrs.frozen(kw_only=True, eq=False)
class RestartRequested:
    """An operator wants this actor, and so all that need it, started again."""

    at: float
    name: str


@attrs.frozen(kw_only=True, eq=False)
class Broken:
    """Something that is no actor failed on behalf of the tree, such as an observer of its events."""

    at: float
    name: str
    error: BaseException


Input = (
    Boot
    | Started
    | Extended
    | Checked
    | Hung
    | Ended
    | Tick
    | Spawn
    | Dismissed
    | StopRequested
    | RestartRequested
    | Broken
)

# Effects, to be carried out in the order given. An `Event` is one too: tell the observers.


@attrs.frozen
class ToGeneration:
    """Something is to be done about one generation of an actor."""

    name: str
    generation: int


class Start(ToGeneration):
    """Run the actor's function in a task, with the present values of what it needs."""

    __slots__ = ()


class Watch(ToGeneration):
    """The actor is ready: ask after its health, if it has a check or a watchdog."""

    __slots__ = ()


class Ask(ToGeneration):
    """Ask the task to stop."""

    __slots__ = ()


class Cancel(ToGeneration):
    """Cancel the task."""

    __slots__ = ()


@attrs.frozen
class Abandon:
    """Count on the task no more; note on the error where it hangs."""

    name: str
    generation: int
    error: AbandonedError


@attrs.frozen
class Alarm:
    """A tick is due for this actor at that time, unless its deadline has moved by then."""

    at: float
    name: str


@attrs.frozen
class Retire:
    """The actor will not run again unless it is restarted by hand: nobody needs to wait for it any longer."""

    name: str
    why: str


@attrs.frozen
class Drop:
    """The child of a pool has come to its end: it returned this result, failed with this error, or was stopped."""

    name: str
    error: BaseException | None = None
    result: object = None
    was_stopped: bool = False


Effect = Event | Start | Watch | Ask | Cancel | Abandon | Alarm | Retire | Drop
