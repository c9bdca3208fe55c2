"""What every test of expressions asks: one scope, what an expression comes to in it, and what it is told."""

import pytest

from compozy.templates import Sources
from compozy.templates.cel import ExpressionError, evaluate_expression

SCOPE = {
    "input": {
        "name": "Ada",
        "age": 36,
        "ratio": 0.5,
        "two": 2.0,
        "admin": True,
        "nothing": None,
        "empty": "",
        "list": [3, 1, 2],
        "mixed": [1, "a", None, True],
        "none": [],
        "big": 2**63,
        "huge": 2**70,
        "least": -(2**63),
        "key": "age",
        "städte": ["Zürich", "京都"],
        "if": "reserved",
    },
    "tasks": {
        "save-data": {"output": {"path": "out", "count": 2}},
        "fetch": {
            "output": {
                "items": [{"id": 1, "tags": ["a", "b"]}, {"id": 2, "tags": []}, {"id": 3, "tags": ["b"]}],
                "status": "ok",
            }
        },
    },
    "signal": {"payload": {"approved": True, "by": "Bob"}, "metadata": {}},
    "env": {"MODE": "dev"},
    "item": {"id": 7},
    "index": 0,
    "person": {"name": "Grace"},
}


@pytest.fixture
def answered():
    """Evaluate an expression in the scope of these tests, or in the one that is given."""

    def answer(text, scope=None):
        return evaluate_expression(text, SCOPE if scope is None else scope)

    return answer


@pytest.fixture
def told(answered):
    """Return the problem that an expression is told about."""

    def tell(text, scope=None):
        with pytest.raises(ExpressionError) as caught:
            answered(text, scope)
        return caught.value.problems[0]

    return tell


@pytest.fixture
def sources():
    def refuse():
        pytest.fail("nothing here asks for the time or for chance")

    return Sources(now=refuse, uuid4=refuse)
