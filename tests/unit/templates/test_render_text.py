"""Templates that are text whatever they come to: prompts, and keys of conversations."""

from datetime import UTC, datetime

import pytest

from compozy.templates import Sources, TemplateError, render, render_text

SOURCES = Sources(now=lambda: datetime(2026, 11, 23, tzinfo=UTC), uuid4=lambda: "u")
SCOPE = {"major": 1, "minor": "50", "order": {"b": 2, "a": [1]}, "none": None}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("no template", "no template"),
        ("{{ .major }}.{{ .minor }}", "1.50"),
        ("00{{ .major }}", "001"),
        ('{"b": {{ .major }}, "a": 2}', '{"b": 1, "a": 2}'),
        ("{{ .major }}", "1"),
        ("{{ .order }}", '{"a":[1],"b":2}'),
        ("{{ .none }}", ""),
    ],
)
def test_text_stays_as_it_was_written(template, text):
    assert render_text(template, SCOPE, sources=SOURCES) == text


def test_elsewhere_what_looks_like_json_becomes_it():
    assert render('{"b": {{ .major }}, "a": 2}', SCOPE, sources=SOURCES) == {"a": 2, "b": 1}


def test_what_is_missing_is_told():
    with pytest.raises(TemplateError, match='no "minute"'):
        render_text("{{ .minute }}", SCOPE, sources=SOURCES)
