"""How a running server became ready: how long, and whose start made it as long as it was."""

from collections.abc import Mapping, Sequence
from typing import Any


def boot_line(actors: Sequence[Mapping[str, Any]]) -> str | None:
    """Return how long it took until all were ready, and who had to be ready one after the other for that.

    >>> boot_line([
    ...     {"name": "store", "ready_after_s": 0.1, "ready_in_s": 0.1},
    ...     {"name": "worker", "ready_after_s": 0.5, "ready_in_s": 0.4, "waited_for": "store"},
    ... ])
    'ready after 0.50 s: store 0.10 s > worker 0.40 s'

    Args:
        actors: As ``/readyz`` lists them; None when it does not say, or not all have been ready yet.
    """
    by_name = {str(actor.get("name")): actor for actor in actors}
    if not actors or not all(isinstance(actor.get("ready_after_s"), int | float) for actor in actors):
        return None
    last: Mapping[str, Any] | None = max(actors, key=lambda actor: float(actor["ready_after_s"]))
    total = boot_seconds(last["ready_after_s"]) if last is not None else ""
    path: list[str] = []
    while last is not None and len(path) < len(actors):  # whatever a server says, this ends
        path.append(f"{last.get('name')} {boot_seconds(last.get('ready_in_s'))}")
        last = by_name.get(str(last.get("waited_for")))
    return f"ready after {total}: {' > '.join(reversed(path))}"


def boot_seconds(seconds: object) -> str:
    """Return a time of some seconds; nothing when it is not known.

    >>> boot_seconds(0.123), boot_seconds(None)
    ('0.12 s', '')
    """
    return f"{seconds:.2f} s" if isinstance(seconds, int | float) else ""
