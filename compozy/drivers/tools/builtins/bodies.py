"""Bodies of answers: decompressed no further than there is room for, then read as text and as JSON."""

import codecs
import json
import zlib
from contextlib import suppress
from typing import Any, Final, NoReturn

import attrs
import httpx

from compozy.domain.json import is_too_deep
from compozy.drivers.tools.builtins.failures import Code, failure
from compozy.drivers.tools.builtins.network import EnoughError, Gate

ENCODING: Final = "gzip"
"""The one compression that is asked for and understood."""

_GZIP_WINDOW: Final = zlib.MAX_WBITS | 16


@attrs.define
class _Collected:
    """A body as far as there is room for it."""

    limit: int
    inflate: Any
    damage: zlib.error | None = None
    content: bytearray = attrs.Factory(bytearray)

    @property
    def is_full(self) -> bool:
        """Whether there is more than there is room for; one byte more is kept to know it."""
        return len(self.content) > self.limit

    def add(self, part: bytes) -> None:
        """Take in a part, as far as there is room for it.

        What a small one decompresses to can be a thousand times its size: no more is made of it than is kept.
        """
        room = self.limit + 1 - len(self.content)
        if self.inflate is None:
            self.content += part[:room]
        elif room > 0:
            try:
                self.content += self.inflate.decompress(part, room)
            except zlib.error as error:
                self.damage = error


async def read_body(response: httpx.Response, gate: Gate, limit: int) -> tuple[bytes, bool]:
    """Return a body, and whether it was cut off.

    Raises:
        ToolError: It is compressed in a way that was not asked for, or damaged.
    """
    collected = _Collected(limit, _inflater(response))
    received = 0
    ended = False
    # The loop is never left from its inside: that would leave half a dozen generators behind, each with a connection.
    with suppress(EnoughError):
        async for part in response.aiter_raw():
            received += len(part)
            collected.add(part)
            gate.closed = collected.is_full or received > limit or collected.damage is not None
        ended = True
    if collected.damage is not None:
        raise failure(Code.FETCH_FAILED, f"the body of {response.url} cannot be decompressed") from collected.damage
    return bytes(collected.content[:limit]), collected.is_full or not ended


def _inflater(response: httpx.Response) -> Any:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return None
    if encoding in {ENCODING, f"x-{ENCODING}"}:
        return zlib.decompressobj(_GZIP_WINDOW)
    raise failure(
        Code.FETCH_FAILED, f"{response.url} answered in the encoding {encoding[:40]!r}, which was not asked for"
    )


def text_of(response: httpx.Response, body: bytes) -> str:
    """Return a body as text, in the character set that its type names; UTF-8 where it names none that there is."""
    charset = response.charset_encoding or "utf-8"
    try:
        codecs.lookup(charset)
        return body.decode(charset, "replace")
    except (LookupError, UnicodeError, ValueError):
        return body.decode("utf-8", "replace")


def json_of(response: httpx.Response, text: str) -> tuple[Any, ...]:
    """Return the value that a body is when its type says JSON, alone in a tuple; nothing when it is none."""
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        return ()
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return ()
    return () if is_too_deep(value) else (value,)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
