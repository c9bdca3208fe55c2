from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError
from compozy.engine.loading import load_project

EXAMPLE = Path(__file__).parents[3] / "examples" / "hello"
FILES = ("compozy.yaml", "workflows/greet.yaml")

SYNTAX = [*" \n\t:{}[]'\"#|", "", "  ", "- ", "&a ", "*a", "<<: ", "!!str ", "\x00", "\u2028", "é"]
VALUES = [
    "null",
    "true",
    "5",
    "-1",
    "1e999",
    "{{",
    "}}",
    "{{ .tasks.x.y }}",
    "parallel",
    "router",
    "greet",
    "../x",
    "'#'",
]
KEYS = ["next: ", "$ref: ", "default: ", "properties: ", "type: ", "tasks: "]
FRAGMENTS = st.sampled_from(SYNTAX + VALUES + KEYS)


@st.composite
def mutated(draw, text):
    """Return the text with up to three pieces replaced."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(FRAGMENTS | st.text(max_size=4)) + text[end:]
    return text


@st.composite
def with_lines_moved(draw, text):
    """Return the text with one line moved, doubled or left out."""
    lines = text.splitlines(keepends=True)
    line = lines[draw(st.integers(0, len(lines) - 1))]
    if draw(st.booleans()):
        lines.remove(line)
    lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(["", line, "  " + line])))
    return "".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutated_project_loads_or_is_invalid_with_places(tmp_path, name, data):
    original = (EXAMPLE / name).read_text(encoding="utf-8")
    text = data.draw(mutated(original) | with_lines_moved(original))
    (tmp_path / "workflows").mkdir(exist_ok=True)
    for file in (*FILES, "tools.py"):
        (tmp_path / file).write_bytes((EXAMPLE / file).read_bytes())
    (tmp_path / name).write_bytes(text.encode("utf-8", "replace"))

    try:
        outcome = load_project(tmp_path)
    except InvalidError as error:
        outcome = error

    assert isinstance(outcome, Project) or all(problem.file and problem.line for problem in outcome.problems)
