"""What expressions come to: one line each."""

import re

import pytest

VECTORS = {
    # literals
    "1": 1,
    "-1": -1,
    "0x1F": 31,
    "1u": 1,
    "1.5": 1.5,
    "1e3": 1000.0,
    ".5": 0.5,
    "true": True,
    "false": False,
    "null": None,
    '"double"': "double",
    "'single'": "single",
    "'''three\nlines'''": "three\nlines",
    r"r'\d'": r"\d",
    r"'\u00e9\n\t\\'": "é\n\t\\",
    "[]": [],
    "[1, 'a', null]": [1, "a", None],
    "{}": {},
    "{'a': {'b': [null]}}": {"a": {"b": [None]}},
    "1 // a comment": 1,
    # arithmetic
    "1 + 2 * 3": 7,
    "(1 + 2) * 3": 9,
    "7 / 2": 3,
    "-7 / 2": -3,
    "7 % 4": 3,
    "-7 % 4": -3,
    "7.0 / 2.0": 3.5,
    "input.age + 1": 37,
    "input.two * 1.5": 3.0,
    "-input.age": -36,
    "9223372036854775806 + 1": 2**63 - 1,
    "int(3.9)": 3,
    "int('42')": 42,
    "double(3)": 3.0,
    "double('1.5')": 1.5,
    "math.greatest(1, 5, 3)": 5,
    "math.least(input.list)": 1,
    # comparison: numbers of different kinds that come from data compare as numbers
    "1 < 2": True,
    "2 <= 2": True,
    "3 > 4": False,
    "1 != 2": True,
    "'a' < 'b'": True,
    "input.two == 2": True,
    "input.age > 35.5": True,
    "input.age == 36": True,
    "input.name == 'Ada'": True,
    "input.name == 3": False,
    "input.nothing == null": True,
    "input.name == null": False,
    "input.list == [3, 1, 2]": True,
    "{'a': 1} == {'a': 1}": True,
    "input.big > 5": True,
    "input.huge > 5": True,
    "input.huge > input.big": True,
    "input.least": -(2**63),
    "input.big": float(2**63),
    "input.huge": float(2**70),
    # logic
    "true && false": False,
    "true || false": True,
    "!input.admin": False,
    "input.admin ? 'yes' : 'no'": "yes",
    "input.age > 40 ? 'old' : input.age > 30 ? 'mid' : 'young'": "mid",
    "false && input.missing": False,
    "true || input.missing": True,
    "input.missing || true": True,
    "input.missing && false": False,
    # texts
    "'a' + 'b'": "ab",
    "input.name + '!'": "Ada!",
    "size('äöü')": 3,
    "'日本語'.size()": 3,
    "size('😀')": 1,
    "input.name.startsWith('A')": True,
    "input.name.endsWith('a')": True,
    "input.name.contains('d')": True,
    "input.name.matches('^[A-Z]da$')": True,
    "'x1y'.matches('[0-9]')": True,
    "input.name.lowerAscii()": "ada",
    "input.name.upperAscii()": "ADA",
    "'  a '.trim()": "a",
    "'a,b'.split(',')": ["a", "b"],
    "'hello'.substring(1, 3)": "el",
    "'hello'.indexOf('l')": 2,
    "'hello'.lastIndexOf('l')": 3,
    "'hello'.charAt(1)": "e",
    "'abc'.reverse()": "cba",
    "string(42)": "42",
    "string(1.5)": "1.5",
    "string(true)": "true",
    # lists
    "size(input.list)": 3,
    "input.list.size() == 3": True,
    "input.list[0]": 3,
    "1 in input.list": True,
    "9 in input.list": False,
    "'a' in input.mixed": True,
    "null in input.mixed": True,
    "[1] + [2]": [1, 2],
    "input.none == []": True,
    "input.mixed": [1, "a", None, True],
    "input['städte'][1]": "京都",
    # objects
    "input['name']": "Ada",
    "input[input.key]": 36,
    "'name' in input": True,
    "'other' in input": False,
    "{'a': 1}.a": 1,
    "{'a': 1}['a']": 1,
    "size({'a': 1, 'b': 2})": 2,
    "input.if": "reserved",
    "tasks['save-data'].output.count": 2,
    'tasks["save-data"].output.path + "/x"': "out/x",
    "tasks.`save-data`.output.count": 2,
    "tasks.fetch.output.status == 'ok'": True,
    ".input.name": "Ada",
    "tasks . fetch . output . status": "ok",
    "signal.payload.approved && signal.payload.by == 'Bob'": True,
    "env.MODE": "dev",
    "item.id": 7,
    "index": 0,
    "person.name": "Grace",
    # has
    "has(input.name)": True,
    "has(input.other)": False,
    "has(input.nothing)": True,
    "has(tasks.fetch.output.error)": False,
    "has(tasks.other)": False,
    "has(input.other) ? input.other : 'none'": "none",
    "has(input.name) && input.name != ''": True,
    "!has(signal.payload.reason)": True,
    # macros
    "input.list.all(x, x > 0)": True,
    "input.list.exists(x, x == 2)": True,
    "input.list.exists_one(x, x > 2)": True,
    "input.list.filter(x, x > 1)": [3, 2],
    "input.list.map(x, x * 2)": [6, 2, 4],
    "input.list.map(x, x > 1, x * 2)": [6, 4],
    "input.none.all(x, false)": True,
    "input.none.exists(x, true)": False,
    "tasks.fetch.output.items.filter(i, 'b' in i.tags).map(i, i.id)": [1, 3],
    "tasks.fetch.output.items.exists(i, i.tags.exists(t, t == 'a' && i.id == 1))": True,
    "tasks.fetch.output.items.map(i, i.tags.map(t, t + string(i.id)))": [["a1", "b1"], [], ["b3"]],
    "tasks.exists(id, id == 'fetch')": True,
    "tasks.all(id, has(tasks[id].output))": True,
    "input.exists(input, input == 'name') && input.name == 'Ada'": True,
    "input.list.map(item, item)": [3, 1, 2],
    # types
    "type(1) == int": True,
    "type(input.name) == string": True,
    "type(input.list) == list": True,
    "type(input.nothing) == null_type": True,
    "timestamp('2026-01-02T00:00:00Z') > timestamp('2026-01-01T00:00:00Z')": True,
    "duration('90s') == duration('1m30s')": True,
    "timestamp('2026-01-02T00:00:00Z').getFullYear()": 2026,
    "string(duration('90s'))": "90s",
}


@pytest.mark.parametrize(("text", "expected"), VECTORS.items(), ids=VECTORS.keys())
def test_an_expression_comes_to_its_value(answered, text, expected):
    result = answered(text)

    assert (result, type(result)) == (expected, type(expected))


def test_there_are_many_vectors():
    assert len(VECTORS) >= 120


TOLD = {
    # names that nothing has
    "input.nam": ('no "nam" in input', 'did you mean "name"?'),
    "tasks.fetch.output.itms.size() > 0": ('no "itms" in tasks.fetch.output', "tasks.fetch.output has: items, status"),
    "tasks['save-data'].output.size": ('no "size" in tasks["save-data"].output', "has: count, path"),
    "tasks.other.output": ('no "other" in tasks', "tasks has: fetch, save-data"),
    "input.name.first": ('no "first" in input.name, which is a text', None),
    "input.nothing.first": ('no "first" in input.nothing, which is nil', None),
    "input.list.first": ('no "first" in input.list, which is a list', None),
    "input.list[7]": ("no item 7 in a list of 3", "the first item is [0]"),
    "input[input.name]": ('no "Ada" in an object', "has(object.key)"),
    "tasks.fetch.output.items.map(i, i.nope)": ('no "nope" in an object', "has(object.key)"),
    "has(input.other.deeper)": ('no "other" in input', "input has:"),
    "input['京']": ('no "京" in input', "input has:"),
    "payload.x": ('no "payload" here', "there is: env, index, input, item, person"),
    "inputs.name": ('no variable "inputs"', 'did you mean "input"?'),
    "loop.x": ('"loop" is a word that CEL keeps for itself', None),
    "google.protobuf.Value{}": ('no variable "google"', None),
    "input.list.exists(x, y == 1)": ('no variable "y"', "there is:"),
    "has(input.other) || item.nope == 1": ('no "nope" in item', "item has: id"),
    # hyphens
    "tasks.save-data.output.count": ('no variable "data"', 'tasks["save-data"]'),
    "input.list.size() > tasks.save-data.output.count": ('no variable "data"', 'tasks["save-data"]'),
    "tasks.a-b-c.output": ('no variable "b"', 'tasks["a-b"]'),
    # types
    "1 + 'a'": ("+ cannot take an integer and a text", "string(1)"),
    "input.age + 'a'": ("+ cannot take an integer and a text", "string()"),
    "1 == 1.0": ("== cannot take an integer and a float", "double(1)"),
    "input.age + 1.5": ("+ cannot take an integer and a float", "double()"),
    "[1] + 1": ("+ cannot take a list and an integer", None),
    "input.name && true": ("&& takes only true and false", "compare it"),
    "!input.name": ("! takes only true and false", "compare it"),
    "input.age ? 1 : 2": ("? takes only true and false", "compare it"),
    "-input.name": ("- cannot take a text", None),
    "true ? 1 : 'a'": ("? : cannot take a boolean and an integer and a text", "two values of one type"),
    "size(1)": ("size cannot take an integer", None),
    "1 in 2": ("in cannot take an integer and an integer", None),
    "1 < 2 < 3": ("< cannot take a boolean and an integer", None),
    # arithmetic
    "1 / 0": ("divide by zero", None),
    "1 % 0": ("modulus by zero", None),
    "9223372036854775807 + 1": ("integer overflow", None),
    "9223372036854775808": ("invalid int literal", None),
    "int('x')": ("cannot convert string to int", None),
    "'a'.matches('(')": ("invalid regular expression", None),
    # results that JSON cannot hold
    "b'x'": ("the result is bytes", None),
    "type(1)": ("the result is a type", None),
    "duration('1s')": ("the result is a duration", None),
    "[timestamp('2026-01-01T00:00:00Z')]": ("the result is a timestamp", None),
    "1.0 / 0.0": ("the result is inf", None),
    "0.0 / 0.0": ("the result is nan", None),
    "{1: 2}": ("the result has the key 1", None),
    # syntax
    "": ("the expression is empty", None),
    "  \n": ("the expression is empty", None),
    "1 +": ("the expression ends too early", None),
    "1 + + 2": ('unexpected "+"', None),
    "input.name = 'Ada'": ('unexpected "="', "compare with =="),
    "input.admin and true": ('unexpected "and"', "write &&"),
    "input.admin or true": ('unexpected "or"', "write ||"),
    "not input.admin": ('unexpected "input"', "write !"),
    "'open": ("this text is not closed", None),
    "$input": ('nothing begins with "$" here', "variables have no $"),
    "input.é": ('nothing begins with "é" here', None),
    "input..name": ('unexpected ".."', None),
    "nope(1)": ('no function "nope"', "there is: size"),
    "input.name.nope()": ('no function "nope"', "there is: size"),
    "has(input)": ("has() argument must be a field selection", None),
    "input.list.map(1, 2)": ("map() variable name must be a simple identifier", None),
    "{'a': 1, 'a': 2}": ("duplicate key in map", None),
    "'a'.replace('', 'b')": ('"replace" is not part of this language', "template"),
    "['a'].join(',')": ('"join" is not part of this language', "template"),
    "'%s'.format(['a'])": ('"format" is not part of this language', "template"),
    "(" * 40 + "1" + ")" * 40: ("nested too deeply", None),
    "'\ud800'": ("half a character", None),
    "'\0'": ("NUL", None),
    "1" * 10_001: ("10001 characters, and 10000 is the limit", None),
}


@pytest.mark.parametrize(("text", "expected"), TOLD.items(), ids=[ascii(text)[:60] for text in TOLD])
def test_what_is_wrong_is_told_with_the_way_out(told, text, expected):
    message, hint = expected

    problem = told(text)

    assert problem.message.startswith(message) or message in problem.message
    assert hint is None or hint in (problem.hint or "")
    assert problem.message.splitlines()[-1].strip() == "^"


@pytest.mark.parametrize(
    ("text", "under"),
    [
        ("input.age > 3 && input.nam == 'x'", "nam"),
        ("'é😀' == tasks.fetch.output.nope", "nope"),
        ("inputt.a", "inputt"),
        ("1 +\n  inputt.a", "inputt"),
        ("tasks.save-data.output", "data"),
        ("input.list.nope()", "nope"),
    ],
)
def test_the_caret_is_under_the_name(told, text, under):
    _, line, caret = told(text).message.split("\n")

    assert line[caret.index("^") :].startswith(under)


@pytest.mark.parametrize(
    "text", ["input.in", "tasks.fetch.output.tasks", "true && tasks.fetch.output.t", 'input["put"]']
)
def test_the_caret_is_under_the_name_that_is_missing_and_not_under_one_like_it(told, text):
    _, _, caret = told(text).message.split("\n")

    missing = re.split(r"\W+", text.rstrip('"]'))[-1]
    assert caret.index("^") - 2 == text.rindex(missing)
