"""Asking models: what they are told, what comes of the answer, and what is remembered of it."""

from datetime import timedelta

import attrs
import pytest
import trio
from typing_extensions import override

from compozy.contracts.models import Answer, Models, Question, Usage
from compozy.domain.definitions import MemoryDefinition, MemoryOperation, ModelDefinition, TaskType
from compozy.domain.errors import TaskError
from compozy.domain.executions import TaskState
from compozy.domain.statuses import Status
from compozy.domain.work import AskMemory, AskWork, MemoryWork, TaskRequest
from compozy.engine.asking import Asking, output_of_answer
from compozy.engine.memories import Memories
from compozy.engine.performers import Performers

CHAT = MemoryDefinition(id="chat")
WORK = AskWork(model=ModelDefinition(provider="mock", model="m"), instructions="Be kind.", prompt="How are you?")
REMEMBERING = attrs.evolve(WORK, memories=(AskMemory(memory=CHAT, key="ada"),))


@attrs.define(eq=False)
class Scripted(Models):
    """Gives the answers one after another, and notes the questions; without any it never answers."""

    answers: list[str] = attrs.Factory(list)
    questions: list[Question] = attrs.Factory(list)

    @override
    async def ask(self, question):
        await trio.lowlevel.checkpoint()
        self.questions.append(question)
        if not self.answers:
            await trio.sleep_forever()
        return Answer(text=self.answers.pop(0), usage=Usage(input_tokens=1, output_tokens=1))


@pytest.fixture
def memories(cache):
    return Memories.of(cache, "shop")


@pytest.fixture
def models():
    return Scripted(["fine", "still fine", "as ever"])


@pytest.fixture
def asking(memories, models):
    return Asking(models=models, memories=memories)


@pytest.fixture
def told(memories):
    """Return a function that returns what was said in the conversation, as role and content."""

    async def told(key="ada"):
        return [(each.message["role"], each.message["content"]) for each in await memories.recall(CHAT, key)]

    return told


def a_request(work):
    state = TaskState(
        task_exec_id="t1",
        task_id="ask",
        type=TaskType.BASIC,
        exec_id="e1",
        workflow_id="w",
        status=Status.RUNNING,
        input={},
        created_at=None,
        updated_at=None,
    )
    return TaskRequest(task=state, work=work, timeout=timedelta(seconds=5))


async def test_a_text_is_the_response(asking, models):
    assert await asking.ask(WORK, by="t1") == {"response": "fine"}
    assert models.questions == [Question(model=WORK.model, instructions="Be kind.", prompt="How are you?")]


async def test_a_model_is_told_what_was_said_before_and_it_is_remembered(asking, models, told):
    await asking.ask(REMEMBERING, by="t1")
    await asking.ask(attrs.evolve(REMEMBERING, prompt="And now?"), by="t2")

    assert [(each.role.value, each.content) for each in models.questions[1].history] == [
        ("user", "How are you?"),
        ("assistant", "fine"),
    ]
    assert await told() == [
        ("user", "How are you?"),
        ("assistant", "fine"),
        ("user", "And now?"),
        ("assistant", "still fine"),
    ]


async def test_a_conversation_that_is_read_only_is_read_only(asking, models, told):
    await asking.ask(REMEMBERING, by="t1")
    reading = attrs.evolve(REMEMBERING, memories=(AskMemory(memory=CHAT, key="ada", read_only=True),))

    await asking.ask(reading, by="t2")

    assert len(models.questions[1].history) == 2
    assert len(await told()) == 2


async def test_a_run_that_is_repeated_gives_the_answer_that_is_remembered(asking, models, told):
    first = await asking.ask(REMEMBERING, by="t1")

    assert await asking.ask(REMEMBERING, by="t1") == first
    assert len(models.questions) == 1
    assert len(await told()) == 2


async def test_a_run_that_was_interrupted_between_two_memories_remembers_in_the_second(asking, models, told):
    two = attrs.evolve(
        REMEMBERING, memories=(AskMemory(memory=CHAT, key="ada"), AskMemory(memory=CHAT, key="everybody"))
    )
    await asking.ask(REMEMBERING, by="t1")  # as far as it came

    await asking.ask(two, by="t1")

    assert len(models.questions) == 1
    assert await told("everybody") == await told("ada")


async def test_another_attempt_asks_anew_without_the_first_ones_words(asking, models, told):
    await asking.ask(REMEMBERING, by="t1")

    assert await asking.ask(REMEMBERING, by="t1", tried=2) == {"response": "still fine"}
    assert models.questions[1].history == ()
    assert len(await told()) == 2


async def test_an_answer_that_is_not_what_was_asked_for_is_not_remembered(asking, told):
    with pytest.raises(TaskError, match="the model's answer is not JSON") as caught:
        await asking.ask(attrs.evolve(REMEMBERING, output_schema={"type": "object"}), by="t1")

    assert (caught.value.error_code, caught.value.details) == ("OUTPUT_INVALID", {"answer": "fine"})
    assert await told() == []


@pytest.mark.parametrize(
    ("text", "schema", "output"),
    [
        ('{"mood": "calm"}', {"type": "object"}, {"mood": "calm"}),
        ("[1, 2]", {"type": "array"}, {"value": [1, 2]}),
        ("3", {"type": "integer"}, {"value": 3}),
        ('{"mood": "calm"}', None, {"response": '{"mood": "calm"}'}),
    ],
)
def test_json_is_the_output_where_a_schema_asks_for_it(text, schema, output):
    assert output_of_answer(text, schema) == output


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{}", "mood: is required"), ('{"mood": NaN}', "is not JSON"), ('{"mood":' * 300 + "1" + "}" * 300, "too deeply")],
)
def test_json_that_the_schema_refuses_is_refused(text, complaint):
    with pytest.raises(TaskError, match=complaint) as caught:
        output_of_answer(text, {"type": "object", "required": ["mood"]})

    assert caught.value.error_code == "OUTPUT_INVALID"


async def test_a_model_that_does_not_answer_in_time_is_given_up(asking, memories, models, autojump_clock):
    models.answers.clear()
    performers = Performers(tools=None, asking=asking, memories=memories)

    with trio.fail_after(60), pytest.raises(TaskError, match="it did not end within 5s") as caught:
        await performers.perform(a_request(WORK))

    assert caught.value.error_code == "TIMED_OUT"


async def test_each_kind_of_work_finds_who_does_it(asking, memories):
    performers = Performers(tools=None, asking=asking, memories=memories)
    append = MemoryWork(memory=CHAT, operation=MemoryOperation.APPEND, key="ada", payload="x")

    assert await performers.perform(a_request(WORK)) == {"response": "fine"}
    assert (await performers.perform(a_request(append)))["total_count"] == 1
    assert (await performers.perform(a_request(append)))["total_count"] == 1
