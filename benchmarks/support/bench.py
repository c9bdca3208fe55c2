"""What every measure is given: how often, where, and with what; and taking turns."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import attrs

from support.bare_side import Sdk
from support.compozy_side import copy_project


@attrs.frozen(kw_only=True)
class Bench:
    """One run of the benchmark.

    Attributes:
        rounds: How often each side is measured.
        workspace: A folder for all that the servers keep; removed in the end.
        environ: The environment of Python programs.
        sdk: The SDK in this process.
        say: Reports progress.
    """

    rounds: int
    workspace: Path
    environ: Mapping[str, str]
    sdk: Sdk
    say: Callable[[str], None]

    def new_project(self, name: str) -> Path:
        """Return a copy of the project of its own, never served yet."""
        return copy_project(self.workspace / f"compozy-{name}")

    def new_folder(self, name: str) -> Path:
        """Return a folder of its own for a bare server, empty yet."""
        folder = self.workspace / f"bare-{name}"
        folder.mkdir()
        return folder

    def each_round(self, measure: str) -> Iterator[int]:
        """Return the rounds, reporting each."""
        for number in range(self.rounds):
            self.say(f"{measure}: round {number + 1} of {self.rounds}")
            yield number


async def take_turns(number: int, first: Callable[[], Awaitable[None]], second: Callable[[], Awaitable[None]]) -> None:
    """Call both, in every other round in the other order, so that neither always finds what the other left."""
    for measure in (first, second) if number % 2 == 0 else (second, first):
        await measure()
