"""The scripted answers of the guide to models without a network are what it says of them."""

import json

import pytest

from compozy.config.yaml_files import parse_yaml
from compozy.contracts.models import Question
from compozy.domain.definitions import ModelDefinition
from compozy.domain.errors import TaskError
from compozy.drivers.models import MockModels

URGENCY = {"type": "object", "required": ["urgency"], "properties": {"urgency": {"enum": ["low", "high"]}}}


@pytest.fixture
def ask(guide):
    """Return a function that asks the model of one of the guide's scripts."""
    page = guide("how-to/agents-offline")
    shown = [parse_yaml(block.encode(), file=page.name).data for block in page.blocks("yaml")]
    scripted = [model for each in shown for model in each.get("models", []) if "params" in model]

    async def ask(script, prompt, *, schema=None):
        model = ModelDefinition(**scripted[script])
        question = Question(model=model, instructions="", prompt=prompt, output_schema=schema)
        return (await MockModels().ask(question)).text

    return ask


async def test_the_first_entry_that_matches_is_said(ask):
    assert await ask(0, "Whose invoice is this?") == "It is about money."
    assert json.loads(await ask(0, "How urgent is this?", schema=URGENCY)) == {"urgency": "high"}
    assert await ask(0, "Where am I?") == "I do not know."
    with pytest.raises(TaskError, match="try again later") as caught:
        await ask(0, "Ask the bank.")
    assert caught.value.error_code == "MODEL_OVERLOADED"


async def test_a_fence_is_taken_off_where_json_is_asked_for_and_only_there(ask):
    asked_for_json = await ask(1, "How urgent is this?", schema=URGENCY)
    asked_for_text = await ask(1, "How urgent is this?")

    assert json.loads(asked_for_json) == {"urgency": "high"}
    assert asked_for_text.startswith("```json")
