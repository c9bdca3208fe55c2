"""What tools print in worker processes: told to the log, and the end of it kept for the error of a call."""

from collections import deque
from typing import Final

from compozy.domain.json import JsonObject
from compozy.telemetry.logger import get_logger

TAIL_BYTES: Final = 4 * 1024
"""How much of what a call printed comes with its error; an error becomes part of a history, so little."""

LIMITS: Final = {"stdout": 10 * 1024 * 1024, "stderr": 1024 * 1024}
"""How many bytes of what one call prints are logged; more is read, so that the tool goes on, and forgotten."""

_log = get_logger(__name__)


class Prints:
    """What the tools of one worker print.

    Prints are told apart by time: what is read while a call runs belongs to it.
    """

    def __init__(self) -> None:
        self._facts: dict[str, str] = {}
        self._room: dict[str, int] = {}
        self._tails: dict[str, deque[bytes]] = {}
        self._kept: dict[str, int] = {}
        self.begin()

    def begin(self, **facts: str) -> None:
        """Forget what was printed before; the facts go into the log with each line from now on."""
        self._facts = facts
        self._room = dict(LIMITS)
        self._tails = {name: deque() for name in LIMITS}
        self._kept = dict.fromkeys(LIMITS, 0)

    def take(self, stream: str, line: bytes) -> None:
        """Take one line of ``stdout`` or ``stderr``, without its end."""
        room = self._room[stream]
        if room > 0:
            _log.debug("tool printed", stream=stream, line=line.decode(errors="replace"), **self._facts)
            self._room[stream] = room - len(line)
            if room <= len(line):
                _log.debug("tool prints too much; the rest is not logged", stream=stream, **self._facts)
        tail = self._tails[stream]
        tail.append(line[-TAIL_BYTES:])
        self._kept[stream] += len(tail[-1])
        while self._kept[stream] - len(tail[0]) >= TAIL_BYTES:
            self._kept[stream] -= len(tail.popleft())

    def tails(self) -> JsonObject:
        """Return the end of what was printed, by stream; a stream on which nothing was is left out."""
        joined = {name: b"\n".join(lines)[-TAIL_BYTES:] for name, lines in self._tails.items()}
        return {name: text.decode(errors="replace") for name, text in joined.items() if text}
