"""Globs and regular expressions that tools are given."""

import pytest

from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.patterns import expression, glob


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("*.md", ["a.md", ".md"], ["a/b.md", "a.mdx"]),
        ("**/*.md", ["a.md", "a/b.md", "a/b/c.md"], ["a/b.txt"]),
        ("a/**", ["a/b", "a/b/c"], ["b/a"]),
        ("?.txt", ["a.txt", "✓.txt"], ["ab.txt", "/.txt"]),
        ("[a-c]x", ["ax", "cx"], ["dx"]),
        ("[!a-c]x", ["dx"], ["ax", "/x"]),
        ("*.{jsx,tsx}", ["a.jsx", "a.tsx"], ["a.ts"]),
        ("a+b(c)|d", ["a+b(c)|d"], ["aab"]),
        ("a,b}", ["a,b}"], ["a"]),
        ("{a,b", ["a", "b"], ["c"]),
        ("[", ["["], ["x"]),
    ],
)
def test_a_glob_matches_whole_paths(pattern, matching, others):
    matches = glob(pattern, key="pattern")

    assert [path for path in [*matching, *others] if matches(path)] == matching


@pytest.mark.parametrize("pattern", ["(", "(?<=a)b", r"\1", "a{99999}", "\ud800"])
def test_what_re2_does_not_know_is_an_error_at_its_key(pattern):
    with pytest.raises(ToolError, match=r"pattern: .* is not a regular expression") as caught:
        expression(pattern, key="pattern")

    assert caught.value.error_code == "INVALID_INPUT"


def test_a_glob_with_no_end_of_alternatives_is_refused():
    with pytest.raises(ToolError, match="alternatives"):
        glob("{" * 65, key="pattern")


def test_a_set_whose_range_is_backwards_is_an_error():
    with pytest.raises(ToolError, match="exclude"):
        glob("[z-a]", key="exclude")
