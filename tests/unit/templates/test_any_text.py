"""Any text at all gives a result or says what is wrong with it, soon: random ones, and real templates gone wrong."""

import os
import string
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compozy.templates import TemplateError, check, references, render
from compozy.templates.functions import FUNCTIONS

CASES = int(os.environ.get("FUZZ_TEMPLATES", "500"))
"""How many there are; `make fuzz` asks for more of them."""

LONGEST_S = 1.0
"""How long one may take, in processor time: the machine may be busy."""

ROOT = Path(__file__).parents[3]
FILES = sorted(path for folder in ("examples", "tests/data/language") for path in (ROOT / folder).rglob("*.yaml"))
LINES = (line.strip() for path in FILES for line in path.read_text().splitlines())
REAL = (
    *dict.fromkeys(line[line.index("{{") :].rstrip("\"'}] ") + " }}" for line in LINES if "{{" in line),
    "{{- range $i, $x := .l -}}{{ if gt $i 0 }}, {{ end }}{{ $x | toJson }}{{- else -}}none{{- end -}}",
    '{{ with .a }}{{ .b | default "x" | upper | printf "%-10s|%5.2f" 1.5 }}{{ else }}{{ $.b }}{{ end }}',
    '{{ $sum := 0 }}{{ range until 5 }}{{ $sum = add $sum . }}{{ end }}{{ ternary "many" "few" (gt $sum 9) }}',
    "{{ dict 'a' (list 1 2.5 .a) 'b' (index .l 0) | toJson | fromJson | keys | sortAlpha | join ',' }}",
    "{{ regexReplaceAll '(a+)(b*)' (.b | toString) '${2}-$1' | trimSuffix '-' | b64enc | sha256sum }}",
    '{{ now | date "2006-01-02T15:04:05Z07:00" }} {{ uuidv4 | replace "-" "" | len }}',
)
"""Templates that people could have written."""

TOKENS = (
    *("{{ ", " }}", "{{- ", " -}}", "(", ")", "|", ":=", "=", ",", " ", ".", ".a", ".a.b-c", ".l", "$", "$x", "\n"),
    *("if ", "else ", "end", "range ", "with ", "true", "nil", '"s"', "'s'", "`r`", "1", "-2.5", "{{/*", "*/}}"),
    *("{{ end }}", "{{ else }}", "{{ range .l }}", "{{ if .a }}", "9" * 40, "1e999", "0x", "\\", "é", "\x00", "😀"),
    *(f"{name} " for name in FUNCTIONS),
)
ARGUMENTS = (".a", ".b", ".l", "1", "-3", "2.5", '"x"', "nil", "true", "'%d'", "'%*d'", "'2006'", "'('", "`(a+)+$`")


@st.composite
def mutated(draw):
    """Return a real template in which something was put, left out, doubled or replaced."""
    text = draw(st.sampled_from(REAL))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 6)))
        put = draw(st.sampled_from(TOKENS) | st.just(text[start:end] * 2) | st.sampled_from(REAL) | st.text(max_size=3))
        text = text[:start] + put + text[end:]
    return text


TEMPLATES = st.one_of(
    mutated(),
    st.lists(st.sampled_from(TOKENS), max_size=20).map("".join),
    st.text(st.sampled_from("{}$.|()\"'`-ab1 /*\\:=,"), max_size=30).map("{{{{{}".format),
    st.text(max_size=20).map("{{{{ {} }}}}".format),
    st.builds(
        "{{{{ {} {} }}}}".format,
        st.sampled_from(sorted(FUNCTIONS)),
        st.lists(st.sampled_from(ARGUMENTS), max_size=4).map(" ".join),
    ),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "b-c", "l"]), inner),
    max_leaves=6,
)
SCOPES = st.fixed_dictionaries({"a": VALUES, "b": VALUES, "l": st.lists(VALUES, max_size=3)})


@pytest.mark.slow
@settings(max_examples=CASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(template=TEMPLATES, scope=SCOPES)
def test_any_text_gives_a_result_or_a_template_error_within_a_second(sources, template, scope):
    began = time.thread_time()

    # Anything but a TemplateError fails the test by itself.
    with suppress(TemplateError):
        check(template)
        references(template)
        render(template, scope, sources=sources)

    assert time.thread_time() - began < LONGEST_S
