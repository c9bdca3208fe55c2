"""Checking outputs: which part of an output a schema is about."""

import pytest

from compozy.domain.errors import TaskError
from compozy.engine.checking import check_output

LIST = {"type": "array", "items": {"type": "integer"}}


@pytest.mark.parametrize(
    ("output", "schema"),
    [
        ({"n": 1}, None),
        ({"n": 1}, {"type": "object", "required": ["n"]}),
        ({"value": [1, 2]}, LIST),
        ({"value": 5}, {"type": ["integer", "null"]}),
        ({"value": "low"}, {"enum": ["low", "high"]}),
        ({"value": "low"}, {"const": "low"}),
        ({"value": 5}, {"type": "object", "properties": {"value": {"type": "integer"}}}),
        ({"value": 5}, {"properties": {"value": {"type": "integer"}}}),
        ({"value": 5}, {"enum": [{"value": 5}, 7]}),
    ],
)
def test_a_schema_for_something_else_than_an_object_is_about_the_value(output, schema):
    check_output(output, schema)


@pytest.mark.parametrize(
    ("output", "schema", "message"),
    [
        ({"value": ["a"]}, LIST, r'output\[0\]: "a" is not of type "integer"'),
        ({"value": [1], "more": 1}, LIST, r'output: .* is not of type "array"'),
        ({"n": 1}, LIST, r'output: .* is not of type "array"'),
        (
            {"value": "x"},
            {"properties": {"value": {"type": "integer"}}},
            r'output\.value: "x" is not of type "integer"',
        ),
        ({"value": "x"}, {"enum": ["low", "high"]}, 'output: "x" is not one of'),
    ],
)
def test_what_does_not_satisfy_the_schema_is_told_with_its_place(output, schema, message):
    with pytest.raises(TaskError, match=message) as caught:
        check_output(output, schema)
    assert caught.value.error_code == "OUTPUT_INVALID"
