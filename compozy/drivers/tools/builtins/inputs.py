"""Inputs of built-in tools, checked against their schemas: what is wrong is told with its key."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import attrs
from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from compozy.domain.builtin_tools import BUILTINS, BuiltinTool
from compozy.domain.json import JsonObject
from compozy.domain.key_paths import dotted
from compozy.domain.suggestions import did_you_mean
from compozy.drivers.tools.builtins.failures import Code, failure

_MOST_FAULTS: Final = 20
_LONGEST_FAULT: Final = 300


@attrs.frozen
class Inputs:
    """The schemas of all inputs, compiled."""

    validators: Mapping[str, Draft202012Validator] = attrs.Factory(
        lambda: {tool.id: Draft202012Validator(tool.input) for tool in BUILTINS.values()}
    )

    def checked(self, tool: BuiltinTool, given: JsonObject) -> JsonObject:
        """Return an input that satisfies the tool's schema, with whole numbers as such.

        To JSON Schema ``3.0`` is an integer, and templates that calculate make such numbers.

        Raises:
            ToolError: ``INVALID_INPUT``, with every fault at its key.
        """
        try:
            errors = list(islice(self.validators[tool.id].iter_errors(given), _MOST_FAULTS))
        except ValueError as error:
            raise failure(Code.INVALID_INPUT, f"the input of {tool.id} is no JSON: {error}") from error
        faults = [fault[:_LONGEST_FAULT] for error in errors for fault in _faults(tool, error)]
        if faults:
            raise failure(Code.INVALID_INPUT, f"the input of {tool.id} is wrong: {'; '.join(faults)}", problems=faults)
        numbers = {key for key, schema in tool.input["properties"].items() if schema.get("type") == "integer"}
        return {key: int(value) if key in numbers else value for key, value in given.items()}


def _faults(tool: BuiltinTool, error: ValidationError) -> Iterator[str]:
    """Yield what is wrong, each with the key that it is about."""
    path = tuple(error.instance_path)
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.Required):
        yield f"{dotted((*path, kind.property))}: is required"
    elif isinstance(kind, ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            yield f"{dotted((*path, name))}: unknown key; {did_you_mean(name, tool.input['properties'])}"
    else:
        yield f"{dotted(path) or 'input'}: {error.message}"
