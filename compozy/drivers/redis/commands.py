"""Commands: asking the server, from Trio."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
from redis import exceptions as rx

from compozy.bridge import Exchange, HostClosedError
from compozy.domain.errors import UnavailableError
from compozy.drivers.redis.errors import RAISED, translate
from compozy.drivers.redis.lanes import Ask
from compozy.drivers.redis.line import Command


@attrs.frozen
class Script:
    """Lua that the server carries out as one step.

    Attributes:
        text: The source.
        digest: What the server calls it when it knows it.
    """

    text: bytes
    digest: bytes

    @classmethod
    def of(cls, text: str) -> "Script":
        """Return the script with this source."""
        source = text.encode()
        digest = hashlib.sha1(source, usedforsecurity=False).hexdigest()
        return cls(source, digest.encode())


class Commands:
    """Asks the server, and counts.

    Args:
        exchange: To where the connections are.
        place: The server as the user knows it.

    Attributes:
        carried_out: How many commands were answered.
        failures: How many could not be, because the server could not be reached.
    """

    def __init__(self, exchange: Exchange[Ask, Any], place: str) -> None:
        self._exchange = exchange
        self.place = place
        self.carried_out = 0
        self.failures = 0

    async def ask(self, verb: bytes, *parts: bytes | int) -> Any:
        """Have a command carried out and return the answer. Always a checkpoint.

        Of commands with the same first part, a later one is carried out after an earlier one, even if that was
        cancelled.

        Raises:
            CompozyError: What the server's refusal means, or ``UnavailableError``.
        """
        with self.translated():
            return await self._ask(hash(parts[0]) if parts else 0, (verb, *parts))

    async def run(self, script: Script, keys: tuple[bytes, ...], *arguments: bytes | int) -> Any:
        """Have a script carried out and return the answer; the first key decides its place among commands.

        The server learns a script when it meets it first. It forgets all when it restarts, and then learns it again.

        Raises:
            CompozyError: As for :meth:`ask`.
        """
        route = hash(keys[0])
        with self.translated():
            try:
                return await self._ask(route, (b"EVALSHA", script.digest, len(keys), *keys, *arguments))
            except rx.NoScriptError:
                return await self._ask(route, (b"EVAL", script.text, len(keys), *keys, *arguments))

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raise what goes wrong inside as errors of the domain, and count it.

        Raises:
            CompozyError: What the server's refusal means, or ``UnavailableError``.
        """
        try:
            yield
        except RAISED as error:
            meaning = translate(error, self.place)
            self._count(meaning)
            if meaning is error:
                raise
            raise meaning from error
        except (HostClosedError, ClosedError) as error:
            self.failures += 1
            raise UnavailableError(
                "the connection to redis is closed; it lives as long as the program's cache actor"
            ) from error

    async def _ask(self, route: int, command: Command) -> Any:
        answer = await self._exchange.ask(Ask(route, command))
        self.carried_out += 1
        return answer

    def _count(self, meaning: Exception) -> None:
        if isinstance(meaning, UnavailableError):
            self.failures += 1
        else:
            self.carried_out += 1  # it was: the server has answered


class ClosedError(Exception):
    """The cache is closed; what its exchanges are closed with."""
