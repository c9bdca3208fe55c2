"""Paths that tools are given: taken apart, and refused when they are not plainly below the root."""

import pytest

from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.paths import is_private, joined, parts_of
from compozy.drivers.tools.builtins.settings import PRIVATE_NAMES


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        (".", ()),
        ("a", ("a",)),
        ("./a//b/./c/", ("a", "b", "c")),
        ("...", ("...",)),
        ("a..b/c d", ("a..b", "c d")),
        ("größe/✓.txt", ("größe", "✓.txt")),
        ("-rf", ("-rf",)),
        ("~/x", ("~", "x")),
        (".envelope", (".envelope",)),
    ],
)
def test_plain_paths_are_taken_apart(path, parts):
    assert parts_of(path, private=PRIVATE_NAMES) == parts


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("..", "must not contain '..'"),
        ("a/../../b", "must not contain '..'"),
        ("a/..", "must not contain '..'"),
        ("/etc/passwd", "is absolute"),
        ("//etc/passwd", "is absolute"),
        ("..\\x", "backslash"),
        ("C:\\x", "backslash"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("a\x7fb", "control character"),
        ("a\ud800", "half a character"),
        ("a/" * 2049, "longer than 4096"),
        (".env", "'.env'"),
        ("a/.ENV.production", "'.ENV.production'"),
        (".git/config", "'.git'"),
    ],
)
def test_others_are_refused_and_the_error_says_why(path, why):
    with pytest.raises(ToolError, match="path") as caught:
        parts_of(path, private=PRIVATE_NAMES)

    assert caught.value.error_code == "PATH_REFUSED"
    assert why in str(caught.value)


def test_the_root_itself_is_shown_as_a_dot():
    assert (joined(()), joined(("a", "b"))) == (".", "a/b")


def test_nothing_is_private_unless_it_is_said_to_be():
    assert not is_private(".env", ())
