"""The Idempotency-Key header of a request, and the header that tells of a repetition.

Source: draft-ietf-httpapi-idempotency-key-header-07, and RFC 8941, section 3.3.3, for the quoted form.
"""

import re
from typing import Final

from quart import request
from werkzeug.exceptions import BadRequest

from compozy.engine.idempotency import KEY_RULE, is_key

KEY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"

_QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_ESCAPED: Final = re.compile(r'\\(["\\])')


def read_key() -> str | None:
    """Return the key that the current request carries, or None.

    Raises:
        BadRequest: There are several, or it is none.
    """
    values = request.headers.getlist(KEY_HEADER)
    if not values:
        return None
    key = parse_key(values[0])
    if len(values) > 1 or key is None:
        sent = "several" if len(values) > 1 else repr(values[0])[:300]
        raise BadRequest(f"{KEY_HEADER} must be one key of {KEY_RULE}, got {sent}")
    return key


def parse_key(value: str) -> str | None:
    """Return the key that a header's value stands for; None when it is none.

    The draft wants the key as a quoted string, most clients send it bare; both mean the same key.

    >>> parse_key("k-1"), parse_key('"k-1"'), parse_key('"k 1"')
    ('k-1', 'k-1', None)
    """
    if value.startswith('"'):
        quoted = _QUOTED.fullmatch(value)
        if quoted is None:
            return None
        value = _ESCAPED.sub(r"\1", quoted[1])
    return value if is_key(value) else None
