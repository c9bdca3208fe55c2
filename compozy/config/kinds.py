"""What kind of value each setting takes, in words."""

from typing import Any

from compozy.config.json_schemas import project_schema, property_of
from compozy.config.table import SETTINGS

_WORDS = {"integer": "whole number", "boolean": "true or false", "string": "text"}


def kinds_of_settings() -> dict[str, str]:
    """Return the kind of each setting by its key, such as ``whole number, 0 to 65535``."""
    schema = project_schema()
    return {setting.key: kind_in_words(property_of(schema, setting.key)) for setting in SETTINGS}


def kind_in_words(schema: dict[str, Any]) -> str:
    """Return what the schema of one value asks for.

    >>> kind_in_words({"type": ["integer", "null"], "minimum": 1, "maximum": 100})
    'whole number, 1 to 100'
    >>> kind_in_words({"anyOf": [{"enum": ["json", "yaml", "table"]}, {"type": "null"}]})
    'json, yaml or table'
    """
    wanted = schema["anyOf"][0] if "anyOf" in schema else schema
    if "enum" in wanted:
        *others, last = wanted["enum"]
        return f"{', '.join(others)} or {last}"
    if "$ref" in wanted:
        return str(wanted["$ref"]).rpartition("/")[-1]
    if "title" in wanted:
        return str(wanted["title"])
    type_ = wanted["type"] if isinstance(wanted["type"], str) else wanted["type"][0]
    return _WORDS[type_] + _range_in_words(wanted)


def _range_in_words(schema: dict[str, Any]) -> str:
    """Return between what a number may be; there is no setting with an upper limit alone."""
    if "minimum" not in schema:
        return ""
    if "maximum" not in schema:
        return f", at least {schema['minimum']}"
    return f", {schema['minimum']} to {schema['maximum']}"
