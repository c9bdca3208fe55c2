"""Jinja2's templates that keep native types, in its sandbox."""

from collections.abc import Mapping
from typing import Final

from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment
from jinja2.sandbox import SandboxedEnvironment
from support.comparison.job import Job

from sides.laps import SCOPE, Cases, measured

_TEMPLATES: Final = {
    "path": "{{ tasks.a.output.b }}",
    "text": "Hello {{ tasks.a.output.name | upper }}, you have {{ tasks.a.output.list | length }} items.",
    "condition": "{% if tasks.a.output.b == 'hello' %}yes{% else %}no{% endif %}",
    "loop": "{% for x in tasks.a.output.list %}{{ loop.index0 }}={{ x }};{% endfor %}",
}


class _Environment(SandboxedEnvironment, NativeEnvironment):
    """Both at once: the sandbox looks names up, and the native one puts results together."""


def _cases() -> Cases:
    environment = _Environment(undefined=StrictUndefined)
    compiled = {name: environment.from_string(template) for name, template in _TEMPLATES.items()}
    return {name: lambda template=template: template.render(SCOPE) for name, template in compiled.items()}


JOBS: Final[Mapping[str, Job]] = {"templates": measured(_cases)}
