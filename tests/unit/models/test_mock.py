"""The mock model: the same answer to the same question, and scripted ones."""

import json

import attrs
import pytest

from compozy.contracts.models import Question, Remark, Role
from compozy.domain.definitions import ModelDefinition
from compozy.domain.errors import TaskError
from compozy.drivers.models import MockModels, ProviderModels

MODEL = ModelDefinition(provider="mock", model="gpt-4o-mini")
QUESTION = Question(model=MODEL, instructions="Be brief.", prompt="Say hello\n  to Ada.")
HISTORY = (Remark(Role.USER, "hi"), Remark(Role.ASSISTANT, "hello"))


@pytest.fixture
def ask():
    """Return a function that asks the mock model a question, changed by keywords, and returns the text."""

    async def ask(**changes):
        return (await MockModels().ask(attrs.evolve(QUESTION, **changes))).text

    return ask


@pytest.fixture
def ask_scripted(ask):
    """Return a function that asks a mock model with scripted answers."""

    async def ask_scripted(answers, prompt):
        return await ask(model=attrs.evolve(MODEL, params={"answers": answers}), prompt=prompt)

    return ask_scripted


async def test_it_says_who_answers_and_what_was_asked(ask):
    text = await ask()

    assert text == "mock gpt-4o-mini 5eda37ce: Say hello to Ada."
    assert text == await ask()


@pytest.mark.parametrize(
    "change",
    [{"instructions": "Be long."}, {"model": attrs.evolve(MODEL, model="other")}, {"history": HISTORY}],
    ids=["instructions", "model", "history"],
)
async def test_another_question_has_another_answer(ask, change):
    assert await ask(**change) != await ask()


async def test_it_says_how_much_was_said_before(ask):
    assert " after 2 messages: Say hello" in await ask(history=HISTORY)


async def test_of_a_long_prompt_it_repeats_the_ends(ask):
    text = await ask(prompt=f"Sum up: {'blah ' * 1000} in one word")

    assert len(text) < 300
    assert "Sum up: blah" in text
    assert text.endswith("in one word")


async def test_a_question_with_a_schema_is_answered_in_json(ask):
    schema = {"type": "object", "properties": {"mood": {"enum": ["calm", "angry"]}}}

    assert json.loads(await ask(output_schema=schema)) == {"mood": "calm"}


@pytest.mark.parametrize(
    "said",
    ['```json\n{"mood": "calm"}\n```', '\n```\n{"mood": "calm"}```\n', '```JSON \n{"mood": "calm"}\n```'],
)
async def test_fences_around_json_are_taken_off_where_json_is_asked_for(said):
    model = attrs.evolve(MODEL, params={"answers": [{"answer": said}]})

    fenced = await MockModels().ask(attrs.evolve(QUESTION, model=model))
    plain = await MockModels().ask(attrs.evolve(QUESTION, model=model, output_schema={"type": "object"}))

    assert fenced.text == said
    assert json.loads(plain.text) == {"mood": "calm"}


async def test_an_answer_says_how_many_tokens_it_took():
    answer = await MockModels().ask(attrs.evolve(QUESTION, history=HISTORY))

    assert answer.usage.input_tokens == 3 + 1 + 2 + 5
    assert answer.usage.output_tokens == -(-len(answer.text) // 4)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("How is the weather?", "It will rain."),
        ("translate this to Portuguese", '{"text": "olá"}'),
        ("now translate this", "I do not know."),
        ("Pay 5 euros to Ada", "no"),
    ],
)
async def test_the_first_entry_that_matches_counts(ask_scripted, prompt, text):
    script = [
        {"match": "weather", "answer": "It will rain."},
        {"match": "/^translate .* to/", "answer": {"text": "olá"}},
        {"match": "/[0-9]+ euros/", "answer": "no"},
        {"answer": "I do not know."},
    ]

    assert await ask_scripted(script, prompt) == text


async def test_answers_can_be_a_mapping(ask_scripted):
    assert await ask_scripted({"weather": "rain"}, "the weather, please") == "rain"


async def test_what_no_entry_matches_is_made_up(ask_scripted):
    assert (await ask_scripted({"weather": "rain"}, "something else")).startswith("mock ")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ({"code": "MODEL_OVERLOADED", "message": "later"}, "MODEL_OVERLOADED", "later"),
        ("no", "MODEL_FAILED", "no"),
    ],
)
async def test_an_error_can_be_scripted(ask_scripted, error, code, message):
    with pytest.raises(TaskError) as caught:
        await ask_scripted([{"error": error}], "anything")

    assert (caught.value.error_code, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ("text", "answers is neither a list nor a mapping"),
        (["text"], r"answers\[0\] is not a mapping with one of answer and error"),
        ([{"answer": 1, "error": 2}], r"answers\[0\] is not a mapping with one of"),
        ([{"answer": 1, "matches": "x"}], r"answers\[0\] is not a mapping with one of"),
        ([{"match": 5, "answer": 1}], r"answers\[0\]\.match is 5, not a text"),
        ([{"match": "/(/", "answer": 1}], r"/\(/ is not a regular expression of RE2"),
    ],
)
async def test_a_script_that_cannot_be_read_is_refused(ask_scripted, answers, complaint):
    with pytest.raises(TaskError, match=complaint) as caught:
        await ask_scripted(answers, "anything")

    assert caught.value.error_code == "MODEL_PARAMS_INVALID"


async def test_another_provider_is_refused_and_told_what_is_supported():
    models = ProviderModels.of_all()
    question = attrs.evolve(QUESTION, model=ModelDefinition(provider="openai", model="gpt-4o"))

    assert (await models.ask(QUESTION)).text
    with pytest.raises(TaskError, match=r"provider 'openai' of model 'gpt-4o' is not supported.*: mock") as caught:
        await models.ask(question)
    assert caught.value.error_code == "MODEL_UNKNOWN"
