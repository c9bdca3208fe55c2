"""What comes of starting and stopping many actors."""

from support.comparison.job import Samples


def whole_life(count: int, *, start: float, stop: float) -> Samples:
    """Return the samples of a life of so many actors: seconds until all were ready, and then until none was left."""
    return {"count": [count], "start": [start], "stop": [stop], "total": [start + stop]}
