"""What happened when, for whoever has to understand a failure."""

from collections.abc import Callable

import trio


class Timeline:
    """Notes what happens, with the seconds since the beginning.

    Args:
        show: Called with each line as it is noted.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._began = trio.current_time()
        self._show = show
        self.lines: list[str] = []

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return trio.current_time() - self._began

    def note(self, what: str) -> None:
        """Note something."""
        self.lines.append(f"{self.seconds:7.2f} s  {what}")
        self._show(self.lines[-1])
