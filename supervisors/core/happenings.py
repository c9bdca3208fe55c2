"""What can happen to a running tree, and what is to be done about it: how reducer and executor talk."""

from typing import NamedTuple

from supervisors.core.events import Event
from supervisors.core.specs import ActorSpec
from supervisors.errors import AbandonedError

# Inputs. Each carries the time; what concerns a task names its generation too. Named tuples, for the sake of the time
# that importing this module takes: making an attrs class takes much longer. Never compare two.


class Boot(NamedTuple):
    """The tree was opened."""

    at: float


class Started(NamedTuple):
    """An actor announced its readiness."""

    at: float
    name: str
    generation: int


class Extended(NamedTuple):
    """An actor asked for more time to start, or to stop."""

    at: float
    name: str
    generation: int
    seconds: float


class Ended(NamedTuple):
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


class Checked(NamedTuple):
    """A health check of an actor returned: with what is wrong, or None; so many failures in a row are too many."""

    at: float
    name: str
    generation: int
    problem: str | None
    fails: int


class Hung(NamedTuple):
    """An actor did not say in time that it is alive."""

    at: float
    name: str
    generation: int
    error: BaseException


class Tick(NamedTuple):
    """Time has come for all that was due by now.

    Attributes:
        due: The actors whose deadline that may be; None: look at all of them.
    """

    at: float
    due: tuple[str, ...] | None = None


class Spawn(NamedTuple):
    """A child is added to a pool."""

    at: float
    spec: ActorSpec


class Dismissed(NamedTuple):
    """A child of a pool is to stop, alone and for good."""

    at: float
    name: str
    why: str


class StopRequested(NamedTuple):
    """The tree is to go down; again and hurried: without asking nicely."""

    at: float
    why: str
    hurried: bool = False


class RestartRequested(NamedTuple):
    """An operator wants this actor, and so all that need it, started again."""

    at: float
    name: str


class Broken(NamedTuple):
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

# Effects, to be carried out in the order given. An `Event` is one too: tell the observers, and then do what the state
# means that the actor is in now. ``starting``: run its function in a task, with the present values of what it needs;
# ``stopping``: ask the task to stop; ``cancelling``: cancel it. The deadline in the world holds from then on.


class Watch(NamedTuple):
    """The actor is ready: ask after its health, if it has a check or a watchdog."""

    name: str
    generation: int


class Abandon(NamedTuple):
    """Count on the task no more; note on the error where it hangs."""

    name: str
    generation: int
    error: AbandonedError


class Alarm(NamedTuple):
    """The deadline of an actor has moved though nothing is to be done about it: a tick is due at that time."""

    at: float
    name: str


class Retire(NamedTuple):
    """The actor will not run again unless it is restarted by hand: nobody needs to wait for it any longer."""

    name: str
    why: str


class Drop(NamedTuple):
    """The child of a pool has come to its end: it returned this result, failed with this error, or was stopped."""

    name: str
    error: BaseException | None = None
    result: object = None
    was_stopped: bool = False


Effect = Event | Watch | Abandon | Alarm | Retire | Drop
