"""The template language of the YAML files; pure.

Go's template syntax with the functions of Sprig that projects use, on JSON values only::

    {{ .tasks.fetch.output.name | default "nobody" | upper }}

``render`` turns a value with templates into a value, ``render_text`` into text, ``check`` finds syntax errors before
there is anything to render with, ``references`` and ``reads`` tell what a template reads. From text to result:
``tokens``, ``expressions`` and ``parser``, ``evaluator`` with ``functions``, ``rendering``.
"""

from compozy.templates.errors import TemplateError
from compozy.templates.references import reads, references
from compozy.templates.rendering import check, render, render_text
from compozy.templates.run import Sources

__all__ = ["Sources", "TemplateError", "check", "reads", "references", "render", "render_text"]
