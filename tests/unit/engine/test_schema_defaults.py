"""Defaults of schemas: where they are found, and what is filled in."""

import copy

import pytest

from compozy.domain.errors import InvalidError
from compozy.engine.schemas import conformed


def filled(value, schema):
    before = copy.deepcopy(value)
    result = conformed(value, schema, called="input")
    assert value == before
    return result


SIZE = {"type": "object", "properties": {"unit": {"default": "cm"}, "width": {"$ref": "#/$defs/width"}}}
DEFINITIONS = {"$defs": {"size": SIZE, "width": {"type": "integer", "default": 3}, "a/b~c d": {"default": 7}}}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"properties": {"box": {"$ref": "#/$defs/size"}}}, {"box": {}}, {"box": {"unit": "cm", "width": 3}}),
        ({"properties": {"width": {"$ref": "#/$defs/width"}}}, {}, {"width": 3}),
        ({"properties": {"width": {"$ref": "#/$defs/width", "default": 9}}}, {}, {"width": 9}),
        ({"properties": {"x": {"$ref": "#/$defs/a~1b~0c%20d"}}}, {}, {"x": 7}),
        ({"properties": {"x": {"default": None}}}, {}, {"x": None}),
        ({"properties": {"box": {"$ref": "#/$defs/size"}}}, {}, {}),
        ({"$ref": "#/$defs/size"}, {"width": 4}, {"unit": "cm", "width": 4}),
        (
            {"allOf": [{"$ref": "#/$defs/size"}, {"properties": {"n": {"default": 1}}}]},
            {"width": 1},
            {"width": 1, "unit": "cm", "n": 1},
        ),
        ({"items": {"$ref": "#/$defs/size"}}, [{"width": 1}], [{"unit": "cm", "width": 1}]),
        ({"additionalProperties": {"$ref": "#/$defs/size"}}, {"a": {"width": 1}}, {"a": {"unit": "cm", "width": 1}}),
        (
            {"properties": {"next": {"$ref": "#"}, "n": {"default": 0}}},
            {"next": {"next": {"n": 5}}},
            {"n": 0, "next": {"n": 0, "next": {"n": 5}}},
        ),
    ],
)
def test_defaults_are_found_behind_references_and_in_every_part(schema, value, expected):
    assert filled(value, {**DEFINITIONS, **schema}) == expected


def test_a_default_that_never_ends_is_a_problem_and_no_crash():
    with pytest.raises(InvalidError, match="input: is nested too deeply"):
        filled({}, {"properties": {"next": {"$ref": "#", "default": {}}}})


def test_a_default_belongs_to_the_value_it_was_filled_into():
    schema = {"properties": {"tags": {"$ref": "#/$defs/tags"}}, "$defs": {"tags": {"default": []}}}

    filled({}, schema)["tags"].append("mine")

    assert filled({}, schema) == {"tags": []}


def test_what_a_default_is_filled_into_is_checked_with_it():
    schema = {"properties": {"n": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer", "default": "many"}}}

    with pytest.raises(InvalidError, match=r'input\.n: "many" is not of type "integer"'):
        filled({}, schema)
