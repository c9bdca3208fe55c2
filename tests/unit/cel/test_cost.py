"""No expression takes long, whatever it says and whatever it is given; what is usual is let through."""

import time
from contextlib import suppress

import pytest

from compozy.templates.cel import ExpressionError, check_expression

LIST = list(range(9_000))
ORDERS = [{"id": number, "sku": f"sku-{number}", "lines": [{"sku": "a"}, {"sku": "b"}]} for number in range(1_000)]
TEXT = "a" * 1_000_000
SCOPE = {
    "input": {
        "list": LIST,
        "some": LIST[:1_500],
        "orders": ORDERS,
        "text": TEXT,
        "other": TEXT + "b",
        "allowed": ["a", "b"],
        "pattern": "(a|b)*c" * 1_000,
    }
}


@pytest.mark.parametrize(
    "text",
    [
        "input.list.filter(x, x > 1).size() > 0",
        "input.list.map(x, x).size() > 0",
        "(input.some + input.some).filter(x, x > 1).size() > 0",
        "input.list.all(x, input.list.exists(y, y == x))",
        "input.list.all(x, x in input.list && input.list == input.list)",
        "input.list.exists(x, string(x).matches('a{900}b'))",
        "input.list.exists(x, input.text == input.other)",
        "input.list.exists(x, input.text.contains('ab'))",
        "input.text.split('').filter(x, x == 'b').size() > 0",
        "input.text.split('').exists(x, x == 'b')",
        "input.text.matches(input.pattern)",
        "input.list.map(x, input.list.map(y, input.list.map(z, [x, y, z]))).size() > 1",
        "['aaaaaaaa']" + ".map(x, x + x)" * 30 + ".size() > 0",
        "['aaaaaaaa']" + ".map(x, [x, x])" * 14 + " == ['aaaaaaaa']" + ".map(x, [x, x])" * 14,
        "[input.some]" + ".map(p, input.some.map(x, p))" * 6 + ".size() > 0",
        "input.some.map(x, input.text + input.text + 'x').size() > 0",
        "true" + " && input.text.contains('ab')" * 300,
        "[" + "[input.text]," * 700 + "1].size() > 0",
        "input.list" + ".all(x, input.list" * 12 + ".size() > 1" + ")" * 12,
        "!" * 9_990 + "true",
        "[" * 5_000,
        "(" * 9_999,
        "a." * 4_999 + "a",
        "'" * 9_999,
        "`" * 9_999,
        "/" * 9_999,
        "input.text.reverse().reverse().reverse().reverse().reverse().reverse().size() > 0",
    ],
    ids=lambda text: text[:50],
)
def test_no_expression_takes_a_second(answered, text):
    started = time.process_time()
    with suppress(ExpressionError):
        answered(text, SCOPE)

    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        "input.list.exists(x, x == 8999)",
        "input.list.all(x, x >= 0) && size(input.list) == 9000",
        "input.some.filter(x, x > 1).size() == 1498",
        "input.some.all(x, x in input.list)",
        "input.orders.filter(o, o.lines.exists(l, l.sku == 'a') && o.sku != input.allowed[0]).size() == 1000",
        "input.orders.all(o, o.lines.all(l, l.sku in input.allowed))",
        "input.orders.map(o, o.sku + ' ' + string(o.id)).size() == 1000",
        "input.orders.map(o, {'id': o.id, 'sku': o.sku}).exists(o, o.id == 999 && o.sku == 'sku-999')",
        "input.text.contains('aaa') && input.other.endsWith('b')",
        "'b' in 'a,b,c'.split(',').map(x, x.trim())",
        "input.allowed.exists(x, x.matches('^[a-z]$'))",
    ],
)
def test_what_is_usual_is_let_through(answered, text):
    assert answered(text, SCOPE) is True


@pytest.mark.parametrize(
    ("text", "scope", "message"),
    [
        ("input.size() > 0", {"input": [[]] * 200_001}, "it reads more than 200000 values"),
        ("input.size() > 0", {"input": ["a" * 3_000_000] * 2}, "more than 4194304 characters"),
        ("input.filter(x, true)", {"input": [0] * 2_001}, "filter or map may go through 2001 items, and 2000 is"),
        ("input.exists(x, x.matches('a'))", {"input": ["a"] * 1_001}, "matched with 1001 items, and 1000 is"),
        ("input.all(x, input.all(y, true))", {"input": [0] * 101}, "more than 10000 items in all"),
        ("input", {"input": [0] * 10_000}, "the result has more than 10000 values"),
    ],
)
def test_what_is_too_much_is_told_with_the_limit(told, text, scope, message):
    assert message in told(text, scope).message


def test_a_text_that_can_only_explode_is_refused_before_it_runs():
    with pytest.raises(ExpressionError, match="limit"):
        check_expression("['a']" + ".map(x, x + x)" * 28 + ".size() > 0", expects="bool")


def test_only_what_is_read_is_copied(answered):
    everything = {"output": {"wanted": 1, "rest": object()}}

    assert answered("tasks.a.output.wanted == 1", {"tasks": {"a": everything, "b": object()}}) is True
