"""Cursors: opaque texts that say where the next page of a listing begins."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Final

import attrs

from compozy.domain.errors import InvalidError, Problem

_DIGEST_BYTES: Final = 6
"""Enough to notice damage and the cursors of others; a cursor grants nothing, so nobody gains by forging one."""


@attrs.frozen
class Position:
    """The last item of a page; the next page holds what comes after it, newest first.

    Attributes:
        created_at: When the item was created, aware.
        exec_id: Its id, which decides between items of the same microsecond.
    """

    created_at: datetime
    exec_id: str


def encode_cursor(position: Position) -> str:
    """Return the cursor of this position: printable, safe in a URL, checked by :func:`decode_cursor`."""
    payload = json.dumps([position.created_at.astimezone(UTC).isoformat(), position.exec_id]).encode()
    return base64.urlsafe_b64encode(_digest(payload) + payload).rstrip(b"=").decode("ascii")


def decode_cursor(cursor: str) -> Position:
    """Return the position that ``cursor`` stands for.

    Raises:
        InvalidError: It was not made by :func:`encode_cursor`, or was damaged since.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        created_at, exec_id = json.loads(raw[_DIGEST_BYTES:])
        position = Position(datetime.fromisoformat(created_at), exec_id)
        # Equal only if every character, the digest included, is what we would have written.
        if encode_cursor(position) == cursor:
            return position
    except (ValueError, TypeError, RecursionError, OverflowError):
        pass  # whatever stopped the decoding, the answer is the same
    hint = "pass the next_cursor of the page before, unchanged, or none for the first page"
    raise InvalidError(Problem(message=f"{cursor[:80]!r} is not a cursor of this listing", key="cursor", hint=hint))


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST_BYTES, person=b"compozy.cursor").digest()
