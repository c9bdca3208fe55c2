"""Questions to models are counted by how they ended, under models that the project knows."""

import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from compozy.contracts.models import Answer, Models, Question, Usage
from compozy.domain.definitions import ModelDefinition
from compozy.domain.errors import TaskError, UnavailableError
from compozy.telemetry.metrics import Deployment, Metrics
from compozy.telemetry.model_metrics import CountedModels


@pytest.fixture
def metrics():
    return Metrics(Deployment(version="1", mode="standalone", store_driver="sqlite", cache_driver="sugardb"))


class Oracle(Models):
    """Does what it is asked to do."""

    async def ask(self, question):
        await trio.lowlevel.checkpoint()
        if question.prompt == "fail":
            raise TaskError("no", error_code="MODEL_FAILED")
        if question.prompt == "be away":
            raise UnavailableError("away")
        if question.prompt == "break":
            raise ZeroDivisionError
        if question.prompt == "think":
            await trio.sleep_forever()
        return Answer(text="yes", usage=Usage(input_tokens=20, output_tokens=3))


@pytest.fixture
def ask(metrics):
    """Return a function that asks the known model, or the one that is named."""
    models = CountedModels(Oracle(), known=[("acme", "small")], metrics=metrics)

    async def ask(prompt, *, provider="acme", model="small"):
        return await models.ask(Question(model=ModelDefinition(provider=provider, model=model), prompt=prompt))

    return ask


@pytest.fixture
def counted(metrics):
    """Return a function that gives the values of the samples of a name by their labels."""

    def counted(name, *labels):
        return {
            tuple(sample.labels[label] for label in ("provider", "model", *labels)): sample.value
            for family in text_string_to_metric_families(metrics.render().decode())
            for sample in family.samples
            if sample.name == name
        }

    return counted


async def test_answers_failures_and_outages_are_told_apart(ask, counted):
    assert (await ask("answer")).text == "yes"
    await ask("answer")
    for prompt, error in (("fail", TaskError), ("break", ZeroDivisionError), ("be away", UnavailableError)):
        with pytest.raises(error):
            await ask(prompt)

    assert counted("compozy_model_calls_total", "outcome") == {
        ("acme", "small", "answered"): 2,
        ("acme", "small", "failed"): 2,
        ("acme", "small", "unavailable"): 1,
    }
    assert counted("compozy_model_duration_seconds_count") == {("acme", "small"): 5}


async def test_a_question_that_is_given_up_counts_as_canceled(ask, counted, autojump_clock):
    with trio.move_on_after(1):
        await ask("think")

    assert counted("compozy_model_calls_total", "outcome") == {("acme", "small", "canceled"): 1}


async def test_tokens_are_added_up_by_direction_and_only_those_of_answers(ask, counted):
    await ask("answer")
    await ask("answer")
    with pytest.raises(TaskError):
        await ask("fail")

    assert counted("compozy_model_tokens_total", "direction") == {
        ("acme", "small", "input"): 40,
        ("acme", "small", "output"): 6,
    }


async def test_models_that_the_project_does_not_name_share_one_series(ask, counted):
    for number in range(20):
        await ask("answer", provider=f"invented-{number}")
        await ask("answer", model=f"invented-{number}")

    assert counted("compozy_model_calls_total", "outcome") == {("other", "other", "answered"): 40}
