"""Every construct of the language by example."""

from datetime import datetime

import pytest

from compozy.templates import Sources, render

PATHS = {
    "{{ .workflow.input.name }}": "Ada",
    "{{.workflow.input.age}}": 36,
    "{{ .tasks.save-data.output.path }}": "/tmp",  # noqa: S108 - text, nobody opens it
    "{{ .tasks.save-data.output.items.1 }}": "a",
    "{{ (.tasks).fetch.output.zero }}": 0,
    '{{ (index .tasks "save-data").output.items }}': ["b", "a", "c"],
    "{{ $.workflow.id }}": "greet",
    "{{ .workflow.input.nothing }}": None,
    "{{ .tasks.fetch.output.big }}": 9007199254740993,
    "{{ .workflow.input.admin }}": True,
}

LITERALS = {
    '{{ "a\\tb\\"c" }}': 'a\tb"c',
    "{{ 'single quotes' }}": "single quotes",
    "{{ `raw \\n }} text` }}": "raw \\n }} text",
    '{{ "\\u00e9\\x41\\101" }}': "éAA",
    "{{ 12 }}": 12,
    "{{-12}}": -12,
    "{{ 0x1F }}": 31,
    "{{ 1.5 }}": 1.5,
    "{{ 1e3 }}": 1000.0,
    "{{ true }}": True,
    "{{ false }}": False,
    "{{ nil }}": None,
}

TEXT = {
    "Hi {{ .workflow.input.name }}!": "Hi Ada!",
    "is {{ .workflow.input.admin }}": "is true",
    "x{{ .workflow.input.nothing }}y": "xy",
    "n={{ .workflow.input.ratio }}": "n=2",
    "all: {{ .tasks.save-data.output.items }}": 'all: ["b","a","c"]',
    "map: {{ .people }}": 'map: {"al":1,"bob":2}',
    "a  {{- 1 -}}  b": "a1b",
    "a  {{/* a comment }} */}}b": "a  b",
    "a  {{- /* a comment */ -}}  b": "ab",
    "no template at all": "no template at all",
    "a } and a { and }}": "a } and a { and }}",
}

PIPES = {
    "{{ .workflow.input.name | upper }}": "ADA",
    '{{ .word | replace " " "-" | upper | quote }}': '"HELLO-WORLD"',
    "{{ (.word | upper) | lower }}": "hello world",
    '{{ printf "%s is %d" .workflow.input.name .workflow.input.age }}': "Ada is 36",
    "{{ .number | int | add 1 }}": 43,
}

BLOCKS = {
    "{{ if .workflow.input.admin }}yes{{ else }}no{{ end }}": "yes",
    "{{ if .tasks.fetch.output.zero }}a{{ else if .word }}b{{ else }}c{{ end }}": "b",
    "{{ if false }}a{{ else if nil }}b{{ else if 0 }}c{{ else }}d{{ end }}": "d",
    "{{ if .tasks.fetch.output.list }}full{{ end }}": "",
    "{{ with .workflow.input }}{{ .name }} of {{ $.workflow.id }}{{ end }}": "Ada of greet",
    "{{ with .tasks.fetch.output.empty }}a{{ else }}none{{ end }}": "none",
    "{{ with nil }}a{{ else with .word }}{{ . }}{{ end }}": "hello world",
    "{{ with $n := .workflow.input.name }}{{ $n }}{{ . }}{{ end }}": "AdaAda",
    "{{ if $n := .workflow.input.name }}{{ $n }}{{ end }}": "Ada",
    "{{ range .tasks.save-data.output.items }}<{{ . }}>{{ end }}": "<b><a><c>",
    "{{ range $v := .tasks.save-data.output.items }}{{ $v }}{{ end }}": "bac",
    "{{ range $i, $v := .tasks.save-data.output.items }}{{ $i }}{{ $v }} {{ end }}": "0b 1a 2c ",
    "{{ range $k, $v := .people }}{{ $k }}={{ $v }};{{ end }}": "al=1;bob=2;",
    "{{ range $i := 3 }}{{ $i }},{{ end }}": "0,1,2,",
    "{{ range .tasks.fetch.output.list }}a{{ else }}none{{ end }}": "none",
    "{{ range .workflow.input.nothing }}a{{ else }}none{{ end }}": "none",
    "{{ range .pairs }}{{ .id }}:{{ range .tags }}{{ . }}{{ else }}-{{ end }} {{ end }}": "1:x 2:- ",
}

VARIABLES = {
    "{{ $x := 2 }}{{ $x }}{{ $x = 3 }}-{{ $x }}": "2-3",
    "{{ $x := .workflow.input }}{{ $x.name }}!": "Ada!",
    "{{ $n := 0 }}{{ range .pairs }}{{ $n = add $n .id }}{{ end }}sum {{ $n }}": "sum 3",
    "{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}-{{ $x }}": "2-1",
}

MISSING_TOLERATED = {
    '{{ .nope.at.all | default "d" }}': "d",
    '{{ default "d" .nope }}': "d",
    '{{ .tasks.other.output | upper | default "d" }}': "d",
    '{{ index .tasks "other" "output" | default 3 }}': 3,
    "{{ if .nope.deep }}a{{ else }}b{{ end }}": "b",
    '{{ if eq .nope "x" }}a{{ else }}b{{ end }}': "b",
    "{{ if gt (len .nope) 0 }}a{{ else }}b{{ end }}": "b",
    "{{ with .nope }}a{{ else }}b{{ end }}": "b",
    '{{ or .nope .workflow.nope "c" }}': "c",
    "{{ coalesce .nope .word }}": "hello world",
    "{{ empty .nope }}": True,
}

LOGIC = {
    "{{ eq 1 1.0 }}": True,
    "{{ eq true 1 }}": False,
    '{{ eq 1 "1" }}': False,
    "{{ eq .workflow.id 'a' 'greet' }}": True,
    "{{ eq .people .people }}": True,
    "{{ eq (list 1 true) (list 1 1) }}": False,
    "{{ ne 1 2 }}": True,
    "{{ lt 1 2 }}": True,
    '{{ gt "b" "a" }}': True,
    "{{ and (le 1 1) (ge 2 3) }}": False,
    "{{ and 1 2 }}": 2,
    "{{ or 0 2 3 }}": 2,
    "{{ not .workflow.input.admin }}": False,
    "{{ or true (div 1 0) }}": True,
    "{{ and false (div 1 0) }}": False,
    "{{ ternary 'y' 'n' .workflow.input.admin }}": "y",
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        *(PATHS | LITERALS | TEXT | PIPES).items(),
        *(BLOCKS | VARIABLES).items(),
        *(MISSING_TOLERATED | LOGIC).items(),
    ],
)
def test_template_renders_to(rendered, template, expected):
    result = rendered(template)

    assert (result, type(result)) == (expected, type(expected))


def test_values_are_walked_and_keys_are_kept(rendered):
    value = {"{{ .word }}": [1, None, "{{ .workflow.input.age }}", {"deep": "n{{ .number }}"}]}

    assert rendered(value) == {"{{ .word }}": [1, None, 36, {"deep": "n42"}]}


def test_clock_and_uuid_come_from_the_sources(rendered):
    assert rendered("{{ now }}") == "2026-11-23T08:05:09.120000Z"
    assert rendered('{{ now.Format "2006-01-02" }}') == "2026-11-23"
    assert rendered("{{ now.Unix | int }}") == 1795421109
    assert rendered("{{ uuidv4 }}") == "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


def test_env_reads_the_scope_and_not_the_process(rendered, monkeypatch):
    monkeypatch.setenv("ELSEWHERE", "secret")

    assert rendered('{{ env "TOKEN" }}') == "t0k"
    assert rendered('{{ env "ELSEWHERE" | default "unknown" }}') == "unknown"


def test_range_over_an_object_is_sorted_whatever_its_order(rendered):
    template = "{{ range $k, $v := . }}{{ $k }}{{ end }}"

    assert rendered(template, {"b": 1, "a": 2, "c": 3}) == rendered(template, {"c": 3, "b": 1, "a": 2}) == "abc"


@pytest.mark.parametrize(
    "keys",
    [
        ["k-2", "k-10"],
        ["2", "10", "a"],
        ["1-9", "1-10", "2-1"],
        ["k", "k-2", "k-02x"],
        ["v1.9", "v1.10"],
        ["n" + "8" * 5000, "n" + "9" * 5000],  # more digits than int() takes
        ["x007", "x07", "x7"],
    ],
    ids=lambda keys: keys[0][:8],
)
def test_digits_in_keys_count_as_the_numbers_they_spell(rendered, keys):
    objects = [{key: key for key in keys}, {key: key for key in reversed(keys)}]

    for made in objects:
        assert rendered("{{ range $k, $v := . }}{{ $k }} {{ end }}", made).split() == keys
        assert rendered("{{ keys . }}", made) == rendered("{{ values . }}", made) == keys


def test_an_execution_that_began_with_the_order_of_texts_keeps_to_it():
    asked = []

    def counts_digits():
        asked.append(1)
        return False

    sources = Sources(now=datetime.now, uuid4=str, counts_digits=counts_digits)

    assert render("{{ keys . }}", {"k-2": 1, "k-10": 2}, sources=sources) == ["k-10", "k-2"]
    assert asked == [1]
    assert render("{{ keys . }}", {"k-1": 1, "k-2": 2}, sources=sources) == ["k-1", "k-2"]
    assert asked == [1]  # nothing hangs on it here
