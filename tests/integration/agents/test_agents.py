"""Agents, prompts and memory tasks in a running program, with the mock model."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow


def output_of(execution):
    assert execution.workflow.error is None
    return execution.workflow.output


def test_an_action_sees_its_input_with_the_defaults_of_its_schema(run):
    greeting = output_of(run("greet", user="ada", name="Bob", like="tea"))["greet"]["output"]["response"]

    assert greeting.endswith(": Greet Bob: hello.")


def test_instructions_are_rendered_with_the_input_of_the_task(run):
    inputs = [{"user": "ada", "like": "tea"}, {"user": "bob", "like": "tea"}, {"user": "ada", "like": "rum"}]

    answers = {str(output_of(run("greet", name="Cid", **input_))) for input_ in inputs}

    assert len(answers) == 3  # the answer depends on all that the model is given


def test_an_input_that_the_action_refuses_is_not_asked_about(run):
    execution = run("greet", user="ada", name=5, like="tea")
    [task] = execution.tasks

    assert (task.status, task.error.code, task.attempt) == (Status.FAILED, "INPUT_INVALID", 1)
    assert task.error.details["problems"][0]["path"] == "input.name"


def test_answers_are_json_that_satisfies_the_schema_or_the_task_has_failed(run):
    output = output_of(run("judge", user="ada", texts=["good", "odd", "bad"]))

    assert output["output"]["judge-0"]["output"] == {"mood": "glad"}  # scripted
    assert output["output"]["judge-1"]["output"] is None  # scripted, and not what the schema asks for
    assert output["output"]["judge-2"]["output"] == {"mood": "calm"}  # made up
    assert output["errors"] == "OUTPUT_INVALID "


def test_prompts_of_tasks(run):
    execution = run("ask", user="ada", text="Tell me")
    end = output_of(execution)["end"]
    attempts = {task.task_id: task.attempt for task in execution.tasks}

    assert end["ask"].endswith(": Tell me please")  # .input is the task's own
    assert end["both"].endswith(": Greet Ada: hello. Be quick.")  # after the action's
    assert end["low"] == 3  # the schema of the task asks for JSON
    assert (end["fail"], attempts["fail"]) == ("MODEL_OVERLOADED", 2)
    assert end["elsewhere"]["code"] == "MODEL_UNKNOWN"
    assert end["elsewhere"]["message"].endswith("is not supported by this version; supported: mock")


def test_an_agent_remembers_from_one_execution_to_the_next(run):
    first = output_of(run("chat", user="ada", text="hello"))
    second = output_of(run("chat", user="ada", text="hello again"))
    third = output_of(run("chat", user="ada", text="still there?"))
    other = output_of(run("chat", user="bob", text="hello"))

    assert [" after " in each["answer"] for each in (first, second, third, other)] == [False, True, True, False]
    assert " after 2 messages: What was said?" in first["heard"]  # which is not remembered
    assert (first["kept"], second["kept"], third["kept"]) == (2, 4, 4)  # of at most four
    assert third["last"] == third["answer"]


def test_a_star_in_a_key_template_means_many_conversations_but_not_one_that_is_rendered(run):
    for session in ("1", "12"):
        output = output_of(run("forget", session=session, forget="*", version="1.50"))

    assert output == {"cleared": 0, "left": 2}
    assert output_of(run("forget", session="1", forget="1:log", version="1.50")) == {"cleared": 4, "left": 2}


def test_questions_are_counted_by_model_and_by_how_they_ended(run, app):
    def counted():
        return {
            tuple(sample.labels[label] for label in ("provider", "model", "outcome")): sample.value
            for family in text_string_to_metric_families(app.metrics.render().decode())
            for sample in family.samples
            if sample.name == "compozy_model_calls_total"
        }

    before = counted()
    run("ask", user="ada", text="Tell me")

    news = {key: count - before.get(key, 0) for key, count in counted().items()}
    assert {key: count for key, count in news.items() if count} == {
        ("mock", "small", "answered"): 3,
        ("mock", "large", "failed"): 2,
        ("openai", "gpt-4o", "failed"): 1,
    }
