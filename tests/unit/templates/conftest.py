"""What every test of the language renders with: one scope, and sources that always answer the same."""

from datetime import UTC, datetime

import pytest

from compozy.templates import Sources, render

NOW = datetime(2026, 11, 23, 8, 5, 9, 120000, tzinfo=UTC)
UUID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

SCOPE = {
    "workflow": {"id": "greet", "input": {"name": "Ada", "age": 36, "ratio": 2.0, "admin": True, "nothing": None}},
    "tasks": {
        "save-data": {"output": {"path": "/tmp", "items": ["b", "a", "c"]}},  # noqa: S108 - text, nobody opens it
        "fetch": {"output": {"big": 9007199254740993, "empty": "", "zero": 0, "list": []}},
    },
    "env": {"TOKEN": "t0k"},
    "word": "hello world",
    "tricky": 'a "b" <c>',
    "number": "42",
    "people": {"bob": 2, "al": 1},
    "pairs": [{"id": 1, "tags": ["x"]}, {"id": 2, "tags": []}],
}


@pytest.fixture
def sources():
    return Sources(now=lambda: NOW, uuid4=lambda: UUID)


@pytest.fixture
def rendered(sources):
    """Render a value with the scope of these tests, or with the one that is given."""

    def render_it(value, scope=None):
        return render(value, SCOPE if scope is None else scope, sources=sources)

    return render_it
