"""Python tools: what a project exports, and how calls of it end."""

import asyncio
import json
import re
from datetime import timedelta

import attrs
import pytest
import trio
import trio.lowlevel

from compozy.contracts.tools import ToolCall
from compozy.domain.errors import InvalidError, ToolError
from compozy.domain.json import MAX_DEPTH
from compozy.drivers.tools.entrypoints import exported_tools, load_entrypoint
from compozy.drivers.tools.python import PythonTools


def call(tool_id="tool", *, timeout=5.0, **input_):
    return ToolCall(
        tool_id=tool_id, tool_exec_id="T", input=input_, config={"unit": "m"}, timeout=timedelta(seconds=timeout)
    )


async def run(function, **input_):
    return await PythonTools({"tool": function}).run(call(**input_))


async def failure(function, **input_):
    with pytest.raises(ToolError) as caught:
        await run(function, **input_)
    return caught.value


async def test_an_async_function_runs_on_the_trio_loop():
    async def measure(input_, config):
        await trio.lowlevel.checkpoint()
        return {"length": f"{input_['n']} {config['unit']}"}

    assert await run(measure, n=3) == {"length": "3 m"}


async def test_a_plain_function_runs_on_a_thread_and_leaves_the_loop_free():
    free = trio.Event()

    def wait_for_the_loop(_input, _config):
        trio.from_thread.run_sync(free.set)
        return "done"

    assert await run(wait_for_the_loop) == {"value": "done"}
    assert free.is_set()


@pytest.mark.parametrize(
    ("returned", "output"),
    [({"a": 1}, {"a": 1}), (None, {}), (7, {"value": 7}), ([1, 2], {"value": [1, 2]}), ("", {"value": ""})],
)
async def test_results_become_objects(returned, output):
    assert await run(lambda _input, _config: returned) == output


async def test_a_function_of_the_input_alone_gets_no_configuration():
    assert await run(lambda input_: input_["n"], n=1) == {"value": 1}


async def test_an_exception_becomes_a_failure_that_names_the_line():
    def divide(input_, _config):
        return input_["n"] / 0

    error = await failure(divide, n=1)

    assert error.error_code == "TOOL_FAILED"
    assert str(error) == "tool 'tool' raised ZeroDivisionError: division by zero"
    assert error.details["type"] == "ZeroDivisionError"
    [frame] = error.details["traceback"]
    assert frame.startswith("test_python.py:")


async def test_a_tool_that_takes_too_long_times_out(autojump_clock):
    async def sleep(_input, _config):
        await trio.sleep(60)

    assert (await failure(sleep)).error_code == "TIMED_OUT"
    assert trio.current_time() == pytest.approx(5)


async def test_a_result_that_is_not_json_is_refused():
    assert (await failure(lambda _input, _config: {1, 2})).error_code == "TOOL_OUTPUT_INVALID"
    assert (await failure(lambda _input, _config: float("nan"))).error_code == "TOOL_OUTPUT_INVALID"


@pytest.mark.parametrize(
    ("result", "reason"),
    [({1: 2}, "the key 1 is not a text"), ({"a": [{None: 2}]}, r"\.a\[0\]: the key None is not a text")],
)
async def test_a_result_with_keys_that_are_no_texts_is_refused(result, reason):
    error = await failure(lambda _input: result)

    assert error.error_code == "TOOL_OUTPUT_INVALID"
    assert re.search(f"not JSON: {reason}$", str(error))


@pytest.mark.parametrize("depth", [MAX_DEPTH, 100_000])
async def test_a_result_that_is_nested_too_deeply_to_be_recorded_is_refused(depth):
    nested = {}
    for _ in range(depth):
        nested = [nested]

    error = await failure(lambda _input: nested)

    assert error.error_code == "TOOL_OUTPUT_INVALID"
    assert str(error).endswith(f"nested deeper than {MAX_DEPTH} levels")


async def test_a_result_larger_than_the_limit_is_refused():
    tools = PythonTools({"tool": lambda input_: "x" * input_["size"]}, max_output_bytes=100)

    with pytest.raises(ToolError) as caught:
        await tools.run(call(size=99))

    assert caught.value.error_code == "TOOL_OUTPUT_TOO_LARGE"
    assert len((await tools.run(call(size=98)))["value"]) == 98


async def test_a_tool_that_exits_fails_and_nothing_else_ends():
    def leave(_input):
        raise SystemExit(3)

    assert str(await failure(leave)) == "tool 'tool' raised SystemExit: 3"


@pytest.mark.parametrize("raised", [KeyboardInterrupt, GeneratorExit, StopIteration, asyncio.CancelledError])
async def test_whatever_a_plain_function_raises_fails_it_and_nothing_else_ends(raised):
    def leave(_input):
        raise raised

    assert str(await failure(leave)) == f"tool 'tool' raised {raised.__name__}"


async def test_a_tool_whose_nursery_raises_when_its_time_is_up_fails(autojump_clock):
    async def stumble():
        try:
            await trio.sleep_forever()
        finally:
            raise LookupError("gone")

    async def tool(_input):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stumble)
            nursery.start_soon(trio.sleep_forever)

    assert str(await failure(tool)) == "tool 'tool' raised LookupError: gone"


async def test_a_nursery_in_which_a_tool_exits_fails_it():
    async def leave():
        await trio.lowlevel.checkpoint()
        raise SystemExit(3)

    async def tool(_input):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(leave)

    assert str(await failure(tool)) == "tool 'tool' raised SystemExit: 3"


async def test_each_exception_of_a_group_is_told():
    def stumble(_input):
        raise ExceptionGroup("all fell", [ValueError("no luck"), ExceptionGroup("one", [KeyError("name")])])

    error = await failure(stumble)

    assert str(error).endswith(
        "raised ExceptionGroup: all fell (2 sub-exceptions): ValueError: no luck; KeyError: 'name'"
    )
    assert error.details["type"] == "ExceptionGroup"


async def test_a_tool_error_in_a_nursery_keeps_its_code():
    async def refuse():
        await trio.lowlevel.checkpoint()
        raise ToolError("no credit", error_code="NO_CREDIT")

    async def tool(_input):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(refuse)

    assert (await failure(tool)).error_code == "NO_CREDIT"


async def test_an_interrupt_of_the_program_during_an_async_tool_goes_through():
    async def interrupted(_input):
        await trio.lowlevel.checkpoint()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await run(interrupted)


@pytest.mark.parametrize(
    "function",
    [
        lambda _input, _config, env: env["REGION"],
        lambda _input, *, env: env["REGION"],
        lambda _input, _config, cache="not asked for": env_of_nobody(cache),
    ],
)
async def test_variables_go_to_the_parameter_named_env_alone(function):
    given = attrs.evolve(call(), env={"REGION": "eu"})

    assert (await PythonTools({"tool": function}).run(given))["value"] in {"eu", "not asked for"}


def env_of_nobody(cache):
    return cache


async def test_an_unknown_tool_is_named_with_what_there_is():
    with pytest.raises(ToolError, match="did you mean 'tool'") as caught:
        await PythonTools({"tool": print}).run(call("tol"))
    assert caught.value.error_code == "TOOL_NOT_FOUND"


async def test_cancelling_a_call_does_not_wait_for_its_thread():
    let_go, ended = trio.Event(), trio.Event()

    def stubborn(_input, _config):
        trio.from_thread.run(let_go.wait)
        trio.from_thread.run_sync(ended.set)

    with trio.move_on_after(0.05) as scope:
        await run(stubborn)

    assert scope.cancelled_caught
    let_go.set()
    await ended.wait()


@pytest.fixture
def entrypoint(tmp_path):
    def write(text):
        path = tmp_path / "tools.py"
        path.write_text(text)
        return path

    return write


def test_public_functions_of_the_module_itself_are_exported(entrypoint):
    module = load_entrypoint(entrypoint("from json import dumps\ndef save(i, c): ...\ndef _hidden(i, c): ...\nX = 1\n"))

    assert set(exported_tools(module)) == {"save"}


def test_all_and_tools_decide_when_there_are_such(entrypoint):
    module = load_entrypoint(entrypoint("from json import dumps\n__all__ = ['dumps']\nTOOLS = {'save-data': dumps}\n"))

    assert exported_tools(module) == {"dumps": json.dumps, "save-data": json.dumps}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = (\n", 1, "SyntaxError"),
        ("\n\nraise LookupError('gone')\n", 3, "importing it raised LookupError: gone"),
        ("import no_such_module_anywhere\n", 1, "ModuleNotFoundError"),
    ],
)
def test_an_entrypoint_that_cannot_be_imported_is_named_with_its_line(entrypoint, text, line, message):
    path = entrypoint(text)
    with pytest.raises(InvalidError) as caught:
        load_entrypoint(path)
    [problem] = caught.value.problems
    assert (problem.file, problem.line) == (str(path), line)
    assert message in problem.message
