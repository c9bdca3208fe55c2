"""Redis globs against examples, and against a matcher that is slow and obviously right."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compozy.domain.globs import matcher

EXAMPLES = [
    ("*", "anything", True),
    ("h?llo", "hallo", True),
    ("h?llo", "hllo", False),
    ("h*llo", "hllo", True),
    ("h*llo", "heeeello", True),
    ("h[ae]llo", "hillo", False),
    ("h[^e]llo", "hallo", True),
    ("h[^e]llo", "hello", False),
    ("h[a-b]llo", "hbllo", True),
    ("h[b-a]llo", "hbllo", True),
    ("a\\*b", "a*b", True),
    ("a\\*b", "axb", False),
    ("a\\", "a\\", True),
    ("[\\]]", "]", True),
    ("[!a]", "!", True),
    ("[!a]", "b", False),
    ("[]", "a", False),
    ("[]a]", "a]", False),
    ("[^]", "a", True),
    ("[ab", "b", True),
    ("[", "[", False),
    ("[a-]", "-", False),
    ("[a-]", "^", True),
    ("[-a]", "-", True),
    ("a.b", "axb", False),
    ("a\nb*", "a\nb\n", True),
    ("?", "é", False),
    ("??", "é", True),
    ("a*b*c", "aXbYbZc", True),
    ("a*b*c", "aXbYbZ", False),
    ("**", "x", True),
    ("*a", "ba", True),
    ("*a", "ab", False),
    ("A", "a", False),
]


@pytest.mark.parametrize(("pattern", "name", "expected"), EXAMPLES)
def test_pattern_matches(pattern, name, expected):
    assert matcher(pattern)(name) is expected


def _members(pattern, position):
    """Return what a set may match and where it ends, read as Redis reads it."""
    negated = pattern[position : position + 1] == b"^"
    position += negated
    members = set()
    while position < len(pattern) and pattern[position] != ord("]"):
        if pattern[position] == ord("\\") and position + 1 < len(pattern):
            members.add(pattern[position + 1])
            position += 2
        elif pattern[position + 1 : position + 2] == b"-" and position + 2 < len(pattern):
            members |= set(range(*sorted((pattern[position], pattern[position + 2])))) | {pattern[position + 2]}
            members.add(pattern[position])
            position += 3
        else:
            members.add(pattern[position])
            position += 1
    return (set(range(256)) - members if negated else members), position + 1


def _matches(pattern, name):
    """Try every way in which a star can stretch."""
    if not pattern:
        return not name
    head = pattern[:1]
    if head == b"*":
        return any(_matches(pattern[1:], name[skipped:]) for skipped in range(len(name) + 1))
    if not name:
        return False
    if head == b"?":
        return _matches(pattern[1:], name[1:])
    if head == b"[":
        members, end = _members(pattern, 1)
        return name[0] in members and _matches(pattern[end:], name[1:])
    if head == b"\\" and len(pattern) > 1:
        pattern = pattern[1:]
    return pattern[:1] == name[:1] and _matches(pattern[1:], name[1:])


@given(pattern=st.text("ab*?[]^-\\c", max_size=9), name=st.text("abc^-]\\[", min_size=1, max_size=7))
@example(pattern="*a*b", name="aab")
@example(pattern="*[", name="a[")
def test_matcher_agrees_with_the_naive_one(pattern, name):
    assert matcher(pattern)(name) == _matches(pattern.encode(), name.encode())


@pytest.mark.timeout(10)  # with backtracking it would take longer than anyone has
def test_pathological_pattern_does_not_backtrack():
    matches = matcher("*a" * 30 + "b")

    assert not matches("a" * 5000)
