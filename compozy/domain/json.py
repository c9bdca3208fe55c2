"""JSON values as the domain carries them: plain dicts, lists and scalars."""

from typing import Any, TypeAlias

Json: TypeAlias = Any
"""None, bool, int, float, str, a list of these, or a dict from str to these.

Any to the type checker: a recursive union would need a cast at every subscript and prove nothing, because the
values come from users' YAML, requests and tools.
"""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object."""
