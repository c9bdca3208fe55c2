import pytest

from compozy.domain.definitions import TaskDefinition, WorkflowDefinition
from compozy.domain.errors import InvalidError
from compozy.engine.inputs import validate_input


def workflow_with(schema):
    return WorkflowDefinition(id="w", tasks=(TaskDefinition(id="a", tool="do"),), input_schema=schema)


PERSON = workflow_with(
    {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 2},
            "style": {"enum": ["plain", "loud"], "default": "plain"},
            "password": {"type": "string", "maxLength": 3},
            "home": {
                "type": "object",
                "required": ["city"],
                "properties": {"city": {"type": "string"}, "country": {"type": "string", "default": "PT"}},
            },
            "pets": {"items": {"properties": {"kind": {"default": "cat"}}}},
            "options": {
                "default": {"retries": {}},
                "properties": {"retries": {"properties": {"most": {"default": 3}}}},
            },
        },
    }
)


def test_defaults_are_filled_in_wherever_their_object_is():
    given = {"name": "Ada", "home": {"city": "Faro"}, "pets": [{}, {"kind": "dog"}]}

    assert validate_input(PERSON, given) == {
        "name": "Ada",
        "style": "plain",
        "home": {"city": "Faro", "country": "PT"},
        "pets": [{"kind": "cat"}, {"kind": "dog"}],
        "options": {"retries": {"most": 3}},
    }


def test_an_absent_object_is_not_made_up_for_its_defaults():
    assert "home" not in validate_input(PERSON, {"name": "Ada"})


def test_neither_the_given_input_nor_the_schema_is_changed():
    given = {"name": "Ada", "home": {"city": "Faro"}}

    filled = validate_input(PERSON, given)
    filled["options"]["retries"]["most"] = 99

    assert given == {"name": "Ada", "home": {"city": "Faro"}}
    assert validate_input(PERSON, given)["options"] == {"retries": {"most": 3}}


def test_every_fault_is_told_at_its_path():
    with pytest.raises(InvalidError) as caught:
        validate_input(PERSON, {"name": "A", "sytle": 1, "style": "shy", "home": {"country": 5}, "password": "hunter2"})

    assert sorted(map(str, caught.value.problems)) == [
        "input.home.city: is required",
        'input.home.country: 5 is not of type "string"',
        'input.name: "A" is shorter than 2 characters',
        "input.password: does not satisfy 'maxLength'",
        'input.style: "shy" is not one of "plain" or "loud"',
        "input.sytle: unknown property (did you mean 'style'? known: home, name, options, password, pets, style)",
    ]


@pytest.mark.parametrize("given", [None, [], "text", 5])
def test_an_input_is_an_object(given):
    with pytest.raises(InvalidError) as caught:
        validate_input(workflow_with(None), given)

    assert str(caught.value) == 'input: must be an object (write for example {"name": "Ada"})'


def test_without_a_schema_any_object_will_do():
    assert validate_input(workflow_with(None), {"x": [1, None]}) == {"x": [1, None]}


def test_references_within_the_schema_are_followed():
    workflow = workflow_with({"properties": {"a": {"$ref": "#/$defs/number"}}, "$defs": {"number": {"type": "number"}}})

    assert validate_input(workflow, {"a": 1}) == {"a": 1}
    with pytest.raises(InvalidError, match=r"input\.a: "):
        validate_input(workflow, {"a": "x"})


@pytest.mark.parametrize("depth", [300, 100_000])
def test_an_input_nested_beyond_reason_is_invalid(depth):
    nested = {}
    for _ in range(depth):
        nested = {"a": nested}

    with pytest.raises(InvalidError, match="input: "):
        validate_input(PERSON, nested)


def test_what_is_not_json_is_invalid():
    with pytest.raises(InvalidError, match="unsupported type"):
        validate_input(workflow_with({"properties": {"a": {"type": "string"}}}), {"a": object()})


def test_every_unknown_property_is_told_also_behind_a_reference():
    inner = {"additionalProperties": False, "properties": {"known": True}}
    schema = {
        "properties": {"near": {"$ref": "#/$defs/near"}, "far": {"$ref": "urn:far"}},
        "$defs": {"near": inner, "away": {"$id": "urn:far", "$defs": {"x": inner}, "$ref": "#/$defs/x"}},
    }
    with pytest.raises(InvalidError) as caught:
        validate_input(workflow_with(schema), {"near": {"knwon": 1, "x": 2}, "far": {"y": 3}})

    assert sorted(map(str, caught.value.problems)) == [
        "input.far.y: unknown property",
        "input.near.knwon: unknown property (did you mean 'known'? known: known)",
        "input.near.x: unknown property (known: known)",
    ]


def test_big_integers_are_not_rounded():
    workflow = workflow_with({"properties": {"n": {"type": "integer", "maximum": 10**30}}})

    assert validate_input(workflow, {"n": 10**30}) == {"n": 10**30}
    with pytest.raises(InvalidError):
        validate_input(workflow, {"n": 10**30 + 1})
