"""What answers requests in the worker process of Python tools."""

import doctest
import importlib
import os

import pytest
import trio
import trio.lowlevel

from compozy.domain.errors import ToolError
from compozy.drivers.tools.python_desk import Desk, open_desk


def answer(function, *, env=None, limit=1000):
    desk = Desk({"tool": function}, max_output_bytes=limit)
    request = {"call": 4, "tool_id": "tool", "input": {"n": 1}, "config": {"by": 2}, "env": env or {}}
    reply = desk.answer(request)
    assert reply["metadata"]["duration_ms"] >= 0
    return reply


def test_the_reply_repeats_the_number_of_the_request():
    assert answer(lambda input_, config: input_["n"] + config["by"]).items() >= {"call": 4, "result": 3}.items()


def test_the_variables_of_a_call_are_gone_after_it_with_what_the_tool_set():
    def meddle(_input):
        os.environ["LEFT_BEHIND"] = "x"
        return os.environ["REGION"]

    before = dict(os.environ)

    assert answer(meddle, env={"REGION": "eu"})["result"] == "eu"
    assert dict(os.environ) == before


def test_what_a_tool_raises_is_told_with_its_type_and_place():
    def boom(_input):
        raise LookupError("gone")

    error = answer(boom)["error"]

    assert (error["name"], error["message"]) == ("LookupError", "gone")
    assert error["traceback"][-1].endswith("in boom")


def test_what_a_nursery_of_a_tool_raises_is_told_as_what_was_raised_in_it():
    async def boom():
        await trio.lowlevel.checkpoint()
        raise LookupError("gone")

    async def tool(_input):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(boom)

    error = answer(tool)["error"]

    assert (error["name"], error["message"]) == ("LookupError", "gone")
    assert error["traceback"][-1].endswith("in boom")


def test_a_tool_error_keeps_its_code_and_details():
    def refuse(_input):
        raise ToolError("no credit", error_code="NO_CREDIT", details={"limit": 5})

    assert answer(refuse)["error"] == {"message": "no credit", "error_code": "NO_CREDIT", "details": {"limit": 5}}


@pytest.mark.parametrize(
    ("result", "code"),
    [({1, 2}, "TOOL_OUTPUT_INVALID"), (float("inf"), "TOOL_OUTPUT_INVALID"), ("x" * 1000, "TOOL_OUTPUT_TOO_LARGE")],
)
def test_a_result_that_cannot_be_sent_is_an_error(result, code):
    reply = answer(lambda _input: result)

    assert reply["error"]["error_code"] == code
    assert "result" not in reply


def test_an_entrypoint_that_cannot_be_loaded_has_no_desk(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("x = 1\ny = 1 / 0\n")

    desk, reply = open_desk({"entrypoint": str(broken), "max_output_bytes": 10})

    assert desk is None
    assert reply["error"] == {"message": "importing it raised ZeroDivisionError: division by zero", "line": 2}


@pytest.mark.parametrize("name", ["entrypoints", "environment", "protocol", "results", "runtimes", "workers"])
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(f"compozy.drivers.tools.{name}")).failed == 0
