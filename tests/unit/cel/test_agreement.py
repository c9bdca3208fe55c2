"""Well-formed random expressions come to what the library makes of them when it is given everything."""

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from compozy.templates.cel import VARIABLES, ExpressionError, evaluate_expression
from compozy.templates.cel.answers import FailedError, RefusedError
from compozy.templates.cel.library import compile_text
from compozy.templates.cel.values import ValueRefusedError, to_json

SCOPE = {
    "input": {
        "a": {"b": 1, "a-b": "x", "c": [1, 2]},
        "l": [{"a": 1, "b": "x"}, {"a": 2}, 3],
        "s": "a,b",
        "n": None,
        "map": {"a": {"a": True}},
    },
    "item": {"a": {"a": "y"}, "b": [0, 1]},
    "index": 1,
    "x": {"a": "outer"},
}

LEAVES = st.sampled_from(
    [
        *(
            "input",
            "item",
            "index",
            "x",
            ".input",
            "input.a.b",
            "input.a['a-b']",
            "input.a.`a-b`",
            "input.l",
            "input.s",
        ),
        *("input.a.c[index]", "input.map.a.a", "input.nope", "input[item.a.a]", "x.a", "has(input.a.b)", "has(item.z)"),
        *("'a'", '"b"', r"r'\'", "'it\\'s'", "1", "2", "0", "1.5", "true", "null", "[1, 2]", "{'a': x}", "input/**/"),
    ]
)


def _composed(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "==", "&&", "||", "<", "in", "-", "!="]), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("!{}".format),
        inner.map("size({})".format),
        inner.map("string({})".format),
        st.tuples(inner, st.sampled_from([".a", ".b", "['a']", "[0]", ".size()", ".split(',')", ". a"])).map("".join),
        st.tuples(inner, inner, inner).map(lambda parts: "{} ? {} : {}".format(*parts)),
        st.tuples(
            inner,
            st.sampled_from(["map", "filter", "all", "exists"]),
            st.sampled_from(["x", "y", "input"]),
            inner | st.sampled_from(["y.a", "x.a", "input.a", "x.a == y.a", "y == x"]),
        ).map(lambda parts: "{}.{}({}, {})".format(*parts)),
        st.tuples(inner, inner).map(lambda parts: "[{}, {}]".format(*parts)),
        st.tuples(inner, inner).map(lambda parts: "{{'a': {}, 'b':{}}}".format(*parts)),
    )


@pytest.mark.slow
@settings(max_examples=300)
@given(text=st.recursive(LEAVES, _composed, max_leaves=8).filter(lambda text: "{{" not in text))
def test_what_is_left_out_of_the_scope_is_not_missed(text):
    try:
        expected = to_json(compile_text(text, VARIABLES | {"x"}).evaluate(SCOPE))
    except (RefusedError, FailedError, ValueRefusedError) as error:
        with pytest.raises(ExpressionError):
            evaluate_expression(text, SCOPE)
        event(type(error).__name__)
    else:
        assert evaluate_expression(text, SCOPE) == expected
        event("a result")
