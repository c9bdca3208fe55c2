"""Redis globs, compiled to regular expressions over bytes.

Redis matches bytes, not characters, and so does this: ``?`` is one byte of a multi-byte character. The corners that its
documentation leaves open follow its matcher: an unclosed ``[`` runs to the end of the pattern, ``[]`` matches
nothing and ``[^]`` any byte, a range may be written backwards, a backslash that ends the pattern is itself.

Source: https://redis.io/docs/latest/commands/keys/ and ``stringmatchlen`` of Redis 7.
"""

import re
from collections.abc import Callable

_STAR, _ANY, _OPEN, _CLOSE, _NOT, _ESCAPE, _TO = b"*?[]^\\-"


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return the test of whether a name matches the pattern."""
    if pattern == "*":
        return lambda _: True
    fullmatch = re.compile(_translated(pattern.encode()), re.DOTALL).fullmatch
    return lambda name: fullmatch(name.encode()) is not None


def _translated(pattern: bytes) -> bytes:
    """Return the regular expression for a pattern.

    What stands between two stars has a fixed length, so its leftmost match is always as good as any other: each such
    part goes into an atomic group, and no name can make the match backtrack (Redis had that bug, CVE-2022-36021).
    """
    first, *rest = _parts(pattern)
    if not rest:
        return first
    *middle, last = rest
    return first + b"".join(b"(?>.*?%b)" % part for part in middle if part) + b".*" + last


def _parts(pattern: bytes) -> list[bytes]:
    """Translate the pattern in parts, cut at its stars."""
    parts = [b""]
    position = 0
    while position < len(pattern):
        byte = pattern[position]
        position += 1
        if byte == _STAR:
            parts.append(b"")
        elif byte == _ANY:
            parts[-1] += b"."
        elif byte == _OPEN:
            translated, position = _set(pattern, position)
            parts[-1] += translated
        else:
            if byte == _ESCAPE and position < len(pattern):
                byte = pattern[position]
                position += 1
            parts[-1] += re.escape(bytes([byte]))
    return parts


def _set(pattern: bytes, position: int) -> tuple[bytes, int]:
    """Translate a set whose ``[`` ends before ``position``; return it and where it ends."""
    negated = pattern[position : position + 1] == b"^"
    position += negated
    members: set[int] = set()
    while position < len(pattern) and pattern[position] != _CLOSE:
        left = len(pattern) - position
        if pattern[position] == _ESCAPE and left > 1:
            members.add(pattern[position + 1])
            position += 2
        elif left > 2 and pattern[position + 1] == _TO:  # noqa: PLR2004 - both ends and the hyphen
            low, high = sorted((pattern[position], pattern[position + 2]))
            members.update(range(low, high + 1))
            position += 3
        else:
            members.add(pattern[position])
            position += 1
    if negated:
        members = set(range(256)) - members
    inside = b"".join(b"\\x%02x" % member for member in sorted(members))
    return (b"[%b]" % inside if inside else b"(?!)"), min(position + 1, len(pattern))
