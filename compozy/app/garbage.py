"""Garbage: the collector of cycles leaves alone what a program has made until it is ready.

Now and then Python's collector looks through all objects there are. Most of those of a running program belong to the
modules that it has imported, and stay to its end; to look through them takes a tenth of a second, in which nothing else
happens. So whenever an actor is ready, they are put aside, garbage of its start included, which is little; and when one
stops or fails, they are looked at again, for then there is more of it. At the end of the program that is necessary: an
object of the Temporal SDK that outlives its loop can abort the process.
"""

import gc

from supervisors import Event, State


def put_aside(event: Event) -> None:
    """Put aside what there is when an actor is ready, and take it back when one stops or fails."""
    match event.to_state:
        case State.READY:
            gc.freeze()
        case State.STOPPING | State.FAILED:
            gc.unfreeze()
        case _:
            pass


def put_all_aside() -> None:
    """Put aside whatever there is, at the end: Python would look through it once more before it exits, for nothing."""
    gc.freeze()
