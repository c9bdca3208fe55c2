"""Regular expressions by example, against Python's engine where both speak, and under attack."""

import re
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.templates import TemplateError
from compozy.templates.functions.regular import TABLE

EXAMPLES = {
    "{{ regexMatch '^[a-z]+$' 'hello' }}": True,
    "{{ regexMatch `^\\d{3}-\\d{4}$` '555-1234' }}": True,
    "{{ regexMatch `^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$` 'ada@example' }}": False,
    "{{ regexMatch '(?i)HELLO' 'say hello' }}": True,
    "{{ regexMatch 'a.c' 'a\\nc' }}": False,
    "{{ regexMatch '(?s)a.c' 'a\\nc' }}": True,
    "{{ regexMatch '(?m)^b$' 'a\\nb' }}": True,
    "{{ regexMatch '' '' }}": True,
    "{{ regexFind `\\bw\\w+` .word }}": "world",
    "{{ regexFind 'x' .word }}": "",
    "{{ regexFindAll '[aeiou]' .word -1 }}": ["e", "o", "o"],
    "{{ regexFindAll '[aeiou]' .word 2 }}": ["e", "o"],
    "{{ regexReplaceAll 'a(x*)b' '-ab-axxb-' '${1}W' }}": "-W-xxW-",
    "{{ regexReplaceAll 'a(x*)b' '-ab-axxb-' '$1W' }}": "---",
    "{{ regexReplaceAll '(?P<first>[a-z]+) ([a-z]+)' .word '$2 $first $$' }}": "world hello $",
    "{{ regexReplaceAll '[^a-z0-9]+' 'Hi, you!' '-' }}": "-i-you-",
    "{{ regexReplaceAll 'x*' 'abxd' '-' }}": "-a-b-d-",
    "{{ regexReplaceAll '<.+?>' '<a> <b>' '' }}": " ",
    "{{ regexReplaceAll '(?<first>[a-z]+).*' .word '${first}s' }}": "hellos",
    "{{ regexReplaceAll '(a)|b' 'ab' '[$1$2$01$99999999999]' }}": "[a][]",
    "{{ regexReplaceAll 'b' 'abc' '$ ${} ${1-2} $$1' }}": "a$ ${} ${1-2} $1c",
    "{{ regexReplaceAll '' 'añ😀' '-' }}": "-a-ñ-😀-",
    "{{ regexFind `ñ\\pS` 'añ😀b' }}": "ñ😀",
    "{{ regexFind '[[:upper:]]+' 'abCDe' }}": "CD",
    "{{ regexFind `\\Qa.b\\E` 'axb a.b' }}": "a.b",
    "{{ regexFind '(?i:h)E|e' 'HE he' }}": "HE",
    "{{ regexFind '(?U)a+' 'aaa' }}": "a",
    "{{ regexFindAll 'a|b' 'abab' 0 }}": [],
    "{{ regexMatch 'a$' 'a\\n' }}": False,
}

REFUSED = {
    "(": "missing )",
    ")": "unexpected )",
    "[a": "missing ]",
    "*a": "no argument for repetition operator",
    "a**": "bad repetition operator",
    "a{9999}": "invalid repetition size",
    "a{3,2}": "invalid repetition size",
    "(a{100}){100}": "invalid repetition size",
    "(?=a)": "invalid perl operator",
    "(?<!a)b": "invalid perl operator",
    "(a)\\1": "invalid escape sequence",
    "[b-a]": "invalid character class range",
    "\\pL{1000}": "pattern too large",
    "é(": "missing ): é(",
}


@pytest.mark.parametrize(("template", "expected"), EXAMPLES.items())
def test_expression_gives(rendered, template, expected):
    assert rendered(template) == expected


@pytest.mark.parametrize(("pattern", "message"), REFUSED.items())
def test_expression_is_refused(rendered, pattern, message):
    with pytest.raises(TemplateError) as caught:
        rendered("{{ regexMatch .p 'a' }}", {"p": pattern})

    assert message in str(caught.value)


def test_refusal_names_the_function_and_the_beginning_of_the_pattern(rendered):
    with pytest.raises(TemplateError) as caught:
        rendered("{{ regexFind .p 'a' }}", {"p": "(" * 1000})

    assert f'regexFind: "{"(" * 60}" is not a regular expression of RE2: missing )' in str(caught.value)
    assert len(str(caught.value)) < 400


def test_refusal_comes_even_when_no_match_is_asked_for(rendered):
    with pytest.raises(TemplateError, match="not a regular expression"):
        rendered("{{ regexFindAll '(' 'a' 0 }}")


def test_refusal_is_not_written_to_stderr(rendered, capfd):
    with pytest.raises(TemplateError):
        rendered("{{ regexMatch '(' 'a' }}")

    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("template", ["{{ regexMatch .half 'a' }}", "{{ regexReplaceAll 'a' .half 'b' }}"])
def test_half_a_character_is_refused(rendered, template):
    with pytest.raises(TemplateError, match="half a character at 1"):
        rendered(template, {"half": "a\ud800"})


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(a*)*b", "^(a|a)*b", "^(a|aa)+$", "^(.*)(.*)(.*)b"])
@pytest.mark.timeout(20)  # a backtracking engine would need longer than anyone has
def test_no_pattern_runs_away(rendered, pattern):
    assert rendered("{{ regexMatch .p .s }}", {"p": pattern, "s": "a" * 100_000 + "!"}) is False


def test_time_grows_no_faster_than_the_text():
    def seconds(size):
        subject = "a" * size + "!"
        return min(timeit.repeat(lambda: TABLE["regexMatch"]("(a+)+$", subject), number=1, repeat=5))

    # One more "a" doubles the time of an engine that backtracks; a quadratic one would take 1600 times as long.
    assert seconds(2_000_000) < 400 * seconds(50_000)


def test_what_the_searches_for_all_matches_read_is_limited(rendered):
    template = "{{ regexFindAll 'b{1000}' .s -1 | len }}"

    # 1,500 searches of 750,000 characters each on the average, and 2,500 of 1,250,000.
    assert rendered(template, {"s": "b" * 1_500_000}) == 1500
    with pytest.raises(TemplateError, match="2000000000 characters, which is the limit"):
        rendered(template, {"s": "b" * 2_500_000})


ATOMS = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "\\w", "\\b", "^", "$"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]}|)"),
        # Engines differ in what a repeat of something that may be empty remembers, so characters only are repeated.
        st.tuples(
            st.sampled_from(["a", "b", ".", "[ab]", "(a|b)", "(?:ab|a)"]),
            st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{1,}"]),
        ).map("".join),
    ),
    max_leaves=6,
)


@pytest.mark.slow
@given(pattern=EXPRESSIONS, subject=st.text("abc", max_size=8))
def test_matches_agree_with_pythons(pattern, subject):
    python = re.compile(pattern.replace("$", "\\Z"))
    found = python.search(subject)

    assert TABLE["regexMatch"](pattern, subject) == (found is not None)
    assert TABLE["regexFind"](pattern, subject) == (found[0] if found else "")
    if found:
        groups = "|".join(f"<{found[number] or ''}>" for number in range(python.groups + 1))
        template = "|".join(f"<${{{number}}}>" for number in range(python.groups + 1))
        replaced = subject[: found.start()] + groups
        assert TABLE["regexReplaceAll"](pattern, subject, template).startswith(replaced)
