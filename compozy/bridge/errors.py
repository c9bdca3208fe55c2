"""Errors of the bridge."""


class HostClosedError(RuntimeError):
    """The asyncio loop was closed before, or while, the call ran."""

    def __init__(self) -> None:
        super().__init__("the asyncio loop is closed")
