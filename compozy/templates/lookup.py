"""From a value to what its names lead to, and what to say when one of them leads nowhere.

Only exact ``dict`` and ``list`` are looked into. That, and that nothing else in the language takes a name, is why no
template reaches an attribute of a Python object.
"""

from typing import TypeAlias

from compozy.domain.json import Json
from compozy.templates.errors import TemplateError, did_you_mean
from compozy.templates.nodes import Chain, Path, Variable
from compozy.templates.run import Run
from compozy.templates.values import PLAIN, kind

Lookup: TypeAlias = Path | Variable | Chain


def look_up(value: Json, node: Lookup, run: Run) -> Json:
    """Return what is at the names of the node below ``value``; nil for what is missing when the node is optional.

    Raises:
        TemplateError: A name is missing, or what it leads to is not JSON.
    """
    for position, name in enumerate(node.names):
        if type(value) is dict and name in value:
            value = value[name]
        elif type(value) is list and _is_position(name, value):
            value = value[int(name.lstrip("_"))]
        elif node.optional and (value is None or type(value) is dict or type(value) is list):
            return None
        else:
            raise _missing(value, node, position, run)
    if type(value) not in PLAIN:
        raise run.error(node.at, f"{_spelled(node, len(node.names))} is {kind(value)}, which templates cannot touch")
    return value


def _is_position(name: str, value: list[Json]) -> bool:
    """Tell whether ``.0``, or ``._0`` as Sprig's ``split`` calls it, is an item of the list."""
    digits = name.removeprefix("_")
    return digits.isascii() and digits.isdigit() and len(digits) < 10 and int(digits) < len(value)  # noqa: PLR2004 - no list is longer


def _missing(value: Json, node: Lookup, position: int, run: Run) -> TemplateError:
    """Return the error for the first name of a path that is not there, with the caret under it."""
    name, parent = node.names[position], _spelled(node, position)
    at = max(node.at, run.source.find(f".{name}", node.at) + 1)
    if type(value) is dict:
        known = [key for key in value if isinstance(key, str)]
        return run.error(at, f'no "{name}" in {parent}', did_you_mean(name, known, listing=f"{parent} has"))
    if type(value) is list:
        return run.error(at, f'no item "{name}" in {parent}, a list of {len(value)}', "pick an item: index list 0")
    return run.error(at, f'no "{name}" in {parent}, which is {kind(value)}')


def _spelled(node: Lookup, upto: int) -> str:
    """Return the first names of a path as the template spells it."""
    base = node.name if isinstance(node, Variable) else "(…)" if isinstance(node, Chain) else ""
    return base + "".join(f".{name}" for name in node.names[:upto]) or "the scope"
