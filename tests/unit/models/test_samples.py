"""Samples: values that satisfy JSON Schemas."""

import pytest

from compozy.domain.errors import TaskError
from compozy.drivers.models.samples import sample_of

TREE = {
    "$ref": "#/$defs/tree",
    "$defs": {
        "tree": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "inner": {"$ref": "#/$defs/tree"}},
            "required": ["name"],
        }
    },
}


@pytest.mark.parametrize(
    ("schema", "sample"),
    [
        ({}, "text"),
        ({"type": "string", "enum": ["good", "bad"]}, "good"),
        ({"type": "string", "default": "x", "enum": ["y", "x"]}, "x"),
        ({"type": "string", "examples": ["Ada"]}, "Ada"),
        ({"const": None}, None),
        ({"type": "string", "minLength": 6, "maxLength": 6}, "text.."),
        ({"type": "string", "maxLength": 2.0}, "te"),
        ({"type": "string", "format": "date"}, "2000-01-01"),
        ({"type": ["null", "string"]}, None),
        ({"type": "boolean"}, True),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 3, "multipleOf": 5}, 5),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "exclusiveMaximum": -3}, -4),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "array", "items": {"type": "integer"}}, [0]),
        ({"type": "array", "maxItems": 0}, []),
        (
            {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "string"}},
            ["text 1", "text 2"],
        ),
        ({"prefixItems": [{"type": "integer"}, {"type": "boolean"}]}, [0, True]),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 0),
        (
            {"allOf": [{"properties": {"a": {"type": "null"}}}, {"properties": {"b": {"type": "integer"}}}]},
            {"a": None, "b": 0},
        ),
    ],
)
def test_a_sample_is_the_smallest_value_of_its_type_within_the_bounds(schema, sample):
    assert sample_of(schema) == sample


def test_an_object_has_all_properties_so_that_templates_find_them():
    schema = {"type": "object", "properties": {"mood": {"enum": ["calm"]}, "words": {"type": "array"}}}

    assert sample_of(schema) == {"mood": "calm", "words": ["words 1"]}


def test_an_object_that_may_not_have_all_properties_has_those_that_are_required():
    schema = {"type": "object", "maxProperties": 1, "properties": {"a": {}, "b": {}}, "required": ["b"]}

    assert sample_of(schema) == {"b": "b"}


def test_a_sample_reports_no_failure():
    properties = {"error": {"type": "string"}, "success": {"type": "boolean"}}

    assert sample_of({"type": "object", "properties": properties}) == {"success": True}
    assert sample_of({"type": "object", "properties": properties, "required": ["error"]})["error"] == ""


def test_a_schema_that_describes_itself_has_a_sample():
    assert sample_of(TREE)["inner"]["inner"]["name"] == "name"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[0-9]{3}-[0-9]{4}$"},
        {"type": "string", "minLength": 10**15},
        {"type": "array", "minItems": 10**15},
        {"minimum": 5, "maximum": 4, "type": "number"},
        {"type": "number", "exclusiveMinimum": 1e308, "multipleOf": 1e-9},
        {"not": {}},
    ],
)
def test_what_cannot_be_made_up_is_refused_with_the_way_out(schema):
    with pytest.raises(TaskError, match=r"params\.answers") as caught:
        sample_of(schema)

    assert caught.value.error_code == "MODEL_FAILED"
