"""The process groups that the actors of one tree have running, for the moment when there is no time left."""

from collections.abc import Callable


class Children:
    """The running process groups of one tree."""

    def __init__(self) -> None:
        self._kills: dict[object, Callable[[], None]] = {}

    def add(self, group: object, kill: Callable[[], None]) -> None:
        """Remember how to kill this group."""
        self._kills[group] = kill

    def remove(self, group: object) -> None:
        """Forget a group that has ended."""
        del self._kills[group]

    def kill_all(self) -> None:
        """Kill every group at once; safe in a signal handler."""
        for kill in tuple(self._kills.values()):
            kill()
