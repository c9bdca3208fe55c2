"""JSON Schemas of the files, for editors and for whoever writes such files: the shapes and the table, once more.

A schema refuses nothing that the program accepts. The program refuses more: what depends on other files, on the
environment, or on two keys at once.

They are draft 7, the newest that every version of the language server for YAML reads. ``patternErrorMessage`` is the
editors' own keyword; others ignore it.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import ModelSchema, NullableSchema, WithDefaultSchema
from typing_extensions import override

from compozy.config import spellings
from compozy.config.fields import Shape
from compozy.config.project_file import ProjectFile
from compozy.config.table import SETTINGS, Follows, Setting, as_written
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.json import JsonObject

Schema: TypeAlias = dict[str, Any]

PROJECT_SCHEMA: Final = "compozy.schema.json"
WORKFLOW_SCHEMA: Final = "workflow.schema.json"

_DIALECT: Final = "http://json-schema.org/draft-07/schema#"
_DEFINITIONS: Final = "#/definitions/"
_NULL: Final[Schema] = {"type": "null"}
_SHARED: Final[Mapping[str, Schema]] = {schema["title"]: schema for schema in (spellings.DURATION, spellings.SIZE)}


def project_schema() -> JsonObject:
    """Return the schema of ``compozy.yaml``, with the settings as the table has them."""
    schema = _schema_of(ProjectFile, "Compozy project")
    for setting in SETTINGS:
        _describe(property_of(schema, setting.key), setting)
    return schema


def workflow_schema() -> JsonObject:
    """Return the schema of a workflow file."""
    return _schema_of(WorkflowFile, "Compozy workflow")


SCHEMAS: Final[Mapping[str, Callable[[], JsonObject]]] = {
    PROJECT_SCHEMA: project_schema,
    WORKFLOW_SCHEMA: workflow_schema,
}
"""Every schema by the name of its file."""


class _Generator(GenerateJsonSchema):
    """Pydantic's, without what it makes up: titles of fields and models, and null as the default of everything."""

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    @override
    def model_schema(self, schema: ModelSchema) -> Schema:
        made = super().model_schema(schema)
        made.pop("title", None)
        made["description"] = _in_short(made["description"])
        return made

    @override
    def default_schema(self, schema: WithDefaultSchema) -> Schema:
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            del made["default"]
        return made

    @override
    def nullable_schema(self, schema: NullableSchema) -> Schema:
        """Return the schema of a value or null, which is the same as leaving the key out."""
        inner = self.generate_inner(schema["schema"])
        if (
            isinstance(inner.get("type"), str)
            and not inner.keys() & {"enum", "const"}
            and inner.get("title") not in _SHARED
        ):
            return {**inner, "type": [inner["type"], "null"]}
        return {"anyOf": [*inner.get("anyOf", [inner]), _NULL]}


def _in_short(docstring: str) -> str:
    """Return the first sentence of a docstring; that of a section begins with its key.

    >>> _in_short("``cache``: the embedded cache. And more.")
    'the embedded cache'
    """
    sentence = re.split(r"\.(?:\s|$)", docstring)[0]
    return re.sub(r"^``\w[\w.]*``: ", "", sentence)


def _schema_of(shape: type[Shape], title: str) -> Schema:
    """Return the schema of a file in draft 7, where ``$defs`` is called ``definitions``."""
    made = shape.model_json_schema(schema_generator=_Generator, ref_template=f"{_DEFINITIONS}{{model}}")
    definitions = made.pop("$defs")
    made = _with_references({"$schema": _DIALECT, "title": title, **made, "definitions": definitions})
    for each in (made, *made["definitions"].values()):
        for place in each["properties"].values():
            _describe_section(place, definitions)
    texts = json.dumps(made)
    shared = {name: schema for name, schema in _SHARED.items() if f"{_DEFINITIONS}{name}" in texts}
    return {**made, "definitions": {**made["definitions"], **shared}}


def _with_references(schema: Any) -> Any:
    """Return the schema with a reference in the place of each pattern that is long and used often."""
    if isinstance(schema, list):
        return [_with_references(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("title") in _SHARED:
        return {"$ref": f"{_DEFINITIONS}{schema['title']}"}
    return {key: _with_references(value) for key, value in schema.items()}


def _describe_section(place: Schema, definitions: Mapping[str, Schema]) -> None:
    """Say of a key that holds a section what the section is, where nothing else is said."""
    reference = place.get("anyOf", [{}])[0].get("$ref", "")
    section = definitions.get(reference.removeprefix(_DEFINITIONS))
    if section is not None:
        place.setdefault("description", section["description"])


def property_of(schema: Schema, key: str) -> Schema:
    """Return the schema of one setting in that of the project file."""
    *sections, name = key.split(".")
    place = schema
    for section in sections:
        reference = place["properties"][section]["anyOf"][0]["$ref"]
        place = schema["definitions"][reference.removeprefix(_DEFINITIONS)]
    found: Schema = place["properties"][name]
    return found


def _describe(place: Schema, setting: Setting) -> None:
    """Say of a setting what the table says of it."""
    names = [f"environment {setting.env}", *([f"flag {setting.flag}"] if setting.flag else [])]
    if isinstance(setting.default, Follows):
        names.append(f"follows {setting.default.key}")
    elif setting.default is not None:
        place["default"] = as_written(setting.default)
    place["description"] = f"{setting.about} ({', '.join(names)})"
