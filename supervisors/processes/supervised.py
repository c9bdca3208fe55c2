"""What running a child process asks of the actor that the child stands for."""

from typing import Protocol


class Stopping(Protocol):
    """Tells an actor that it is asked to stop: a `trio.Event` that the supervisor alone sets."""

    def is_set(self) -> bool:
        """Whether the stop was requested."""

    async def wait(self) -> None:
        """Return once the stop was requested."""


class Supervised(Protocol):
    """The actor that the child stands for."""

    @property
    def name(self) -> str:
        """The actor."""

    @property
    def stopping(self) -> Stopping:
        """Set when it is asked to stop."""

    def started(self, value: object = None) -> None:
        """Announce readiness."""

    def note(self, text: str) -> None:
        """Keep a remark for the error, should this generation end with one."""

    def report_health(self, problem: str | None, *, fails: int) -> None:
        """Say how a health check ended.

        Args:
            problem: What is wrong; None: nothing.
            fails: Failures in a row that make the actor unhealthy.
        """
