"""What a template reads is told without evaluating it."""

import pytest

from compozy.templates import TemplateError, references

READS = {
    "no template": set(),
    "{{ .tasks.a.output.b }}": {("tasks", "a", "output", "b")},
    "{{ $.tasks.save-data.output }} {{ .input.x }}": {("tasks", "save-data", "output"), ("input", "x")},
    '{{ index .tasks "a" "output" }}': {("tasks", "a", "output")},
    '{{ (index .tasks "a").output.b }}': {("tasks", "a", "output", "b")},
    "{{ index .tasks .key }}": {("tasks",), ("key",)},
    '{{ .tasks.a.b | default .tasks.c | printf "%s" }}': {("tasks", "a", "b"), ("tasks", "c")},
    "{{ if .tasks.a }}{{ .b }}{{ else if .c }}{{ else }}{{ .d }}{{ end }}": {("tasks", "a"), ("b",), ("c",), ("d",)},
    "{{ with .tasks.a }}{{ .output }}{{ $.x }}{{ else }}{{ .y }}{{ end }}": {
        ("tasks", "a"), ("tasks", "a", "output"), ("x",), ("y",),
    },
    "{{ range .items }}{{ .name }}{{ $.x }}{{ else }}{{ .y }}{{ end }}": {("items",), ("x",), ("y",)},
    "{{ $t := .tasks.a }}{{ $t.output }}": {("tasks", "a")},
    "{{ (first .items).name }}": {("items",)},
    '{{ env "TOKEN" }}': {("env", "TOKEN")},
    "{{ toJson . }}": set(),
}  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), READS.items())
def test_template_reads(template, expected):
    assert references(template) == expected


def test_references_of_a_value_are_those_of_all_its_templates():
    assert references({"a": "{{ .x }}", "b": ["{{ .y.z }}", 3, "plain"]}) == {("x",), ("y", "z")}


def test_references_of_a_broken_template_are_refused():
    with pytest.raises(TemplateError):
        references("{{ if }}")
