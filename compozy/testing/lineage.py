"""Tells when a process and all its descendants are gone, whoever their parents are by then."""

import os
import select
import subprocess
from collections.abc import Callable


class Lineage:
    """A process that was started with the end of a pipe, which its descendants inherit.

    When the last of them is gone, the kernel closes the pipe. Looking for them in the table of processes tells less:
    of a process that was killed, the children belong to somebody else, and the dead stay listed until that one looks.

    Args:
        start: Starts the process, which has to inherit the given descriptor.
    """

    def __init__(self, start: Callable[[int], subprocess.Popen[bytes]]) -> None:
        self._watched, mark = os.pipe()
        try:
            self.process = start(mark)
        except BaseException:
            os.close(self._watched)
            raise
        finally:
            os.close(mark)

    @property
    def runs(self) -> bool:
        """Whether the process itself has not ended."""
        return self.process.poll() is None

    def wait_gone(self, timeout_s: float) -> bool:
        """Wait until all are gone; return whether they are. Afterwards there is nothing left to ask."""
        poll = select.poll()
        poll.register(self._watched, 0)  # of the end of it one is always told
        gone = bool(poll.poll(timeout_s * 1000))
        os.close(self._watched)
        return gone
