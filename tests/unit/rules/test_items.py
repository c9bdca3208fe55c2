"""The items of collections."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.errors import InvalidError
from compozy.engine.rules.items import child_ids, items_of
from compozy.engine.rules.ranges import MAX_RANGE, find_range

ITEMS = [
    ([3, 1, "x", None, [1]], [3, 1, "x", None, [1]]),
    ([], []),
    ({"b": 1, "a": None, "B": 2}, [{"key": "B", "value": 2}, {"key": "a", "value": None}, {"key": "b", "value": 1}]),
    ({}, []),
    (None, []),
    ("", []),
    (" \n\t", []),
    ("1..5", [1, 2, 3, 4, 5]),
    ("5..1", [5, 4, 3, 2, 1]),
    ("-3..3", [-3, -2, -1, 0, 1, 2, 3]),
    ("-1..-3", [-1, -2, -3]),
    ("7..7", [7]),
    ("007..009", [7, 8, 9]),
    (" 1 .. 3\n", [1, 2, 3]),
    ("a..e", ["a", "b", "c", "d", "e"]),
    ("E..A", ["E", "D", "C", "B", "A"]),
    ("x..x", ["x"]),
    ('["a", {"b": 1}]', ["a", {"b": 1}]),
    (' {"b": 1, "a": "1..3"}', [{"key": "a", "value": "1..3"}, {"key": "b", "value": 1}]),
    ("[]", []),
    ("{}", []),
    ("[0.1, 0.123456789123456789]", [0.1, "0.123456789123456789"]),
    ("[draft] hello", ["[draft] hello"]),
    ("[1, 2", ["[1, 2"]),
    ("{{", ["{{"]),
    ("hello", ["hello"]),
    ("a,b,c", ["a,b,c"]),
    ("42", ["42"]),
    ("null", ["null"]),
    ('"a"', ['"a"']),
    (0, [0]),
    (1.5, [1.5]),
    (False, [False]),
]

NO_RANGES = [
    "1...5",
    "1..",
    "..5",
    "1..5..9",
    "--1..3",
    "+1..3",
    "1.5..2.5",
    "aa..cc",
    "from 1..5",
    "!..@",
    "_.._",
    "\u00b2..5",  # superscript two: a digit, but no number
    "\u0661..\u0665",  # Arabic digits
    "\u2167..\u2169",  # Roman numerals as single characters
    "\u01c5..\u01c8",  # titlecase letters: neither capital nor small
    "\u02b0..\u02b3",  # modifier letters
]

LETTER_RANGES = {
    "GREEK SMALL LETTER ALPHA..GREEK SMALL LETTER EPSILON": "\u03b1\u03b2\u03b3\u03b4\u03b5",
    "GREEK CAPITAL LETTER TAU..GREEK CAPITAL LETTER PI": "\u03a4\u03a3\u03a1\u03a0",  # nothing between sigma and rho
    "CYRILLIC SMALL LETTER A..CYRILLIC SMALL LETTER DE": "\u0430\u0431\u0432\u0433\u0434",
    "CYRILLIC CAPITAL LETTER YA..CYRILLIC CAPITAL LETTER E": "\u042f\u042e\u042d",
    "HEBREW LETTER ALEF..HEBREW LETTER GIMEL": "\u05d0\u05d1\u05d2",
    "LATIN CAPITAL LETTER O WITH DIAERESIS..LATIN CAPITAL LETTER O WITH STROKE": "\u00d6\u00d8",  # a sign between
}

REFUSED = {
    "a..E": "'a' is a small Latin letter and 'E' a capital Latin letter",
    "a..\u03b5": "'\u03b5' a small Greek letter (use two letters of one script and case)",
    "\u03b1..\u0430": "a small Greek letter and '\u0430' a small Cyrillic letter",
    "1..e": "one end is a number and one a letter",
    "z..10": "one end is a number and one a letter",
    "0..10000": "it has 10001 items, and 10000 is the most",
    "-999999999999999..999999999999999": "it has 1999999999999999 items",
    "1..9999999999999999": "9999999999999999… is too large a number",
    "1.." + "9" * 5000: "is too large a number",
    "\u4e00..\u9fa5": "it has 20902 items",
}


def test_the_keys_of_an_object_count_as_the_numbers_they_spell():
    assert [item["key"] for item in items_of({"k-10": 1, "k-2": 2, "k-1": 3})] == ["k-1", "k-2", "k-10"]


@pytest.mark.parametrize(("value", "expected"), ITEMS, ids=repr)
def test_items_are_what_the_value_is_made_of(value, expected):
    assert json.dumps(items_of(value)) == json.dumps(expected)


@pytest.mark.parametrize("text", NO_RANGES)
def test_text_that_is_no_range_is_one_item(text):
    assert find_range(text) is None
    assert items_of(text) == [text]


@pytest.mark.parametrize(("names", "expected"), LETTER_RANGES.items())
def test_letters_of_one_script_and_case_count(names, expected):
    first, last = map(unicodedata.lookup, names.split(".."))

    assert items_of(f"{first}..{last}") == list(expected)


def test_a_letter_typed_as_two_characters_is_one():
    assert items_of("\u0438..\u0438\u0306") == ["\u0438", "\u0439"]  # i, and short i as some systems write it


@pytest.mark.parametrize(("text", "reason"), REFUSED.items(), ids=lambda text: text[:20])
def test_a_range_that_cannot_be_counted_is_refused_with_its_reason(text, reason):
    with pytest.raises(InvalidError) as refused:
        items_of(text)

    assert reason in str(refused.value)
    assert len(str(refused.value)) < 250


def test_the_longest_range_is_counted():
    assert len(items_of(f"1..{MAX_RANGE}")) == MAX_RANGE


@given(st.integers(-(10**9), 10**9), st.integers(-(MAX_RANGE - 1), MAX_RANGE - 1))
def test_a_range_of_numbers_has_both_ends_and_steps_of_one(first, distance):
    last = first + distance
    items = items_of(f"{first}..{last}")

    assert (items[0], items[-1], len(items)) == (first, last, abs(distance) + 1)
    assert items == items_of(f"{last}..{first}")[::-1]


@given(st.characters(categories=["Lu", "Ll"]), st.characters(categories=["Lu", "Ll"]))
def test_a_range_of_letters_has_both_ends_and_reads_the_same_backwards_or_is_refused(first, last):
    first, last = (unicodedata.normalize("NFC", letter) for letter in (first, last))
    try:
        items = items_of(f"{first}..{last}")
    except InvalidError:
        return

    assert (items[0], items[-1]) == (first, last)
    assert items == items_of(f"{last}..{first}")[::-1]
    assert len({letter.isupper() for letter in items}) == 1


@given(st.text(max_size=30))
def test_any_text_has_items_or_a_reason(text):
    try:
        items = items_of(text)
    except InvalidError:
        return

    assert isinstance(items, list)


def test_the_items_of_a_list_are_a_list_of_their_own():
    given_list = [1, 2]
    items_of(given_list).append(3)

    assert given_list == [1, 2]


@pytest.mark.parametrize(
    ("rendered", "expected"),
    [([], ()), (["a", "b"], ("a", "b")), ([2, 1.5, 3.0], ("2", "1.5", "3")), (["A", "a", " a"], ("A", "a", " a"))],
)
def test_children_are_called_as_the_template_says(rendered, expected):
    assert child_ids(rendered) == expected


@pytest.mark.parametrize(
    ("rendered", "said"),
    [
        (["a", "b", "c", "b"], "the items 1 and 3 have the same id 'b'"),
        (["1", 1], "the items 0 and 1 have the same id '1'"),
        (["a", ""], "the id for item 1 came to blank"),
        ([" "], "the id for item 0 came to blank"),
        ([None], "the id for item 0 came to nil"),
        ([True], "the id for item 0 came to a boolean"),
        (["a", ["b"]], "the id for item 1 came to a list"),
        (["a", "b\0"], r"the id 'b\x00' for item 1 holds NUL"),
        (["a\ud800"], r"the id 'a\ud800' for item 0 holds NUL or half a character"),
    ],
    ids=repr,
)
def test_ids_that_are_no_ids_or_not_unique_are_refused_with_the_items_and_the_way_out(rendered, said):
    with pytest.raises(InvalidError) as refused:
        child_ids(rendered)

    assert str(refused.value).startswith(said)
    assert "put {{ .index }} into the id" in str(refused.value)
