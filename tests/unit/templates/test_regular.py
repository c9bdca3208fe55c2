"""Regular expressions by example, against Python's engine where both speak, and under attack."""

import re

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
}

REFUSED = {
    "(": "a group that is not closed",
    ")": "a closing parenthesis without an opening one",
    "[a": "a set that is not closed",
    "*a": "a repeat of nothing",
    "a**": "a repeat of a repeat",
    "a{9999}": "not within 0 to 1000",
    "a{3,2}": "not within 0 to 1000",
    "(a{100}){100}": "more than 2000 steps",
    "(?=a)": "a kind of group that there is not",
    "(a)\\1": "the unknown escape",
    "[b-a]": "the backward range",
    "(" * 30 + ")" * 30: "groups more than 20 deep",
}


@pytest.mark.parametrize(("template", "expected"), EXAMPLES.items())
def test_expression_gives(rendered, template, expected):
    assert rendered(template) == expected


@pytest.mark.parametrize(("pattern", "message"), REFUSED.items())
def test_expression_is_refused(rendered, pattern, message):
    with pytest.raises(TemplateError) as caught:
        rendered("{{ regexMatch .p 'a' }}", {"p": pattern})

    assert message in str(caught.value)


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*)(.*)(.*)b"])
@pytest.mark.timeout(20)  # a backtracking engine would need longer than anyone has
def test_no_pattern_runs_away(rendered, pattern):
    assert rendered("{{ regexMatch .p .s }}", {"p": f"^{pattern}", "s": "a" * 2000 + "!"}) is False


@pytest.mark.slow
def test_work_beyond_the_limit_is_refused(rendered):
    with pytest.raises(TemplateError, match="which is the limit"):
        rendered("{{ regexReplaceAll 'a*b|a' .s '-' }}", {"s": "a" * 5000})


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
