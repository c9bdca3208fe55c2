"""Our side of the templates."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from support.comparison.job import Job

from compozy.templates import Sources, render
from sides.laps import SCOPE, Cases, measured

_SOURCES: Final = Sources(now=lambda: datetime.now(UTC), uuid4=lambda: "none")

_TEMPLATES: Final = {
    "path": "{{ .tasks.a.output.b }}",
    "text": "Hello {{ .tasks.a.output.name | upper }}, you have {{ len .tasks.a.output.list }} items.",
    "condition": '{{ if eq .tasks.a.output.b "hello" }}yes{{ else }}no{{ end }}',
    "loop": "{{ range $i, $x := .tasks.a.output.list }}{{ $i }}={{ $x }};{{ end }}",
}


def _cases() -> Cases:
    return {
        name: lambda template=template: render(template, SCOPE, sources=_SOURCES)
        for name, template in _TEMPLATES.items()
    }


JOBS: Final[Mapping[str, Job]] = {"templates": measured(_cases)}
