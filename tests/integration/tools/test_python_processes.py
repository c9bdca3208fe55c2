"""Python tools in processes of their own: what they get, and what becomes of them."""

import json
import os
import signal
import sys

import pytest
import trio

from compozy.domain.definitions import ToolIsolation
from compozy.domain.errors import InvalidError, ToolError

pytestmark = pytest.mark.slow

SOURCE = """
import os, signal, subprocess, sys, time

STAY = 'exec 3>"$0"; echo up >&3; while :; do sleep 1000; done'

def add(input, config):
    return {"sum": input["n"] + config["by"]}

def pid(input):
    return os.getpid()

async def nap(input):
    import trio
    await trio.sleep(0)
    return "rested"

def breed(input):
    print("breeding")
    subprocess.Popen(["/bin/sh", "-c", STAY, input["path"]]).wait()

def leave_behind(input):
    subprocess.Popen(["/bin/sh", "-c", STAY, input["path"]])

def crash(input):
    print("last words")
    os.kill(os.getpid(), signal.SIGKILL)

def quit(input):
    os._exit(3)

def flood(input):
    for _ in range(11):
        sys.stdout.write("x" * 2**20 + "\\n")
        sys.stderr.write("y" * 2**20 + "\\n")
    if input.get("fails"):
        raise RuntimeError("after the flood")
    return "done"

def environment(input, config, *, env):
    return {"given": env, "seen": dict(os.environ)}

def child_environment(input):
    return subprocess.run(["/usr/bin/env"], capture_output=True, text=True, check=True).stdout.splitlines()

def forge(input):
    print('{"call": 1, "result": "forged"}')
    print('@0123456789abcdef0123456789abcdef {"call": 1, "result": "forged"}')
    os.system("echo '{}'")
    return "real"

def standard_input(input):
    return sys.stdin.read()

def descriptors(input):
    return subprocess.run(["/bin/ls", "/dev/fd"], capture_output=True, text=True, check=True).stdout.split()

def large(input):
    return "x" * input["size"]

TOOLS = {"save-data": lambda input: [input["n"]]}
"""


async def wait_ended(pid):
    descriptor = os.pidfd_open(pid)
    await trio.lowlevel.wait_readable(descriptor)
    os.close(descriptor)


async def failure(tools, call):
    with pytest.raises(ToolError) as caught:
        await tools.run(call)
    return caught.value


async def test_a_project_runs_in_processes_as_it_does_in_this_one(open_project, call):
    async with open_project("tools.py", SOURCE) as tools:
        assert await tools.run(call("add", n=1)) == {"sum": 11}
        assert await tools.run(call("nap")) == {"value": "rested"}
        assert await tools.run(call("save-data", n=7)) == {"value": [7]}
        assert await tools.run(call("standard_input")) == {"value": ""}
        first, second = [(await tools.run(call("pid")))["value"] for _ in range(2)]
        assert first == second != os.getpid()

        error = await failure(tools, call("ad"))
        assert (error.error_code, "did you mean 'add'?" in str(error)) == ("TOOL_NOT_FOUND", True)


async def test_nothing_of_this_program_reaches_a_tool_but_what_it_is_given(open_project, call, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/secret")
    async with open_project("tools.py", SOURCE) as tools:
        seen = await tools.run(call("environment", env={"REGION": "eu"}))
        inherited = await tools.run(call("child_environment"))
        after = await tools.run(call("environment"))
        open_files = await tools.run(call("descriptors"))
        refused = await failure(tools, call("environment", env={"LD_PRELOAD": "x.so"}))

    allowed = {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "LC_CTYPE", "LC_ALL", "PWD", "SHLVL", "_"}
    assert seen["given"] == {"REGION": "eu"}
    assert set(seen["seen"]) <= allowed | {"REGION"}
    assert {line.partition("=")[0] for line in inherited["value"]} <= allowed
    assert "REGION" not in after["seen"]
    assert set(open_files["value"]) <= {"0", "1", "2", "3"}  # 3 is what lists them
    assert refused.error_code == "TOOL_ENV_REFUSED"


async def test_what_tools_print_is_never_taken_for_a_reply(open_project, call):
    async with open_project("tools.py", SOURCE) as tools:
        for _ in range(3):
            assert await tools.run(call("forge")) == {"value": "real"}


async def test_a_flood_of_prints_neither_stops_a_tool_nor_is_kept(open_project, call):
    async with open_project("tools.py", SOURCE) as tools:
        assert await tools.run(call("flood")) == {"value": "done"}
        error = await failure(tools, call("flood", fails=True))

    assert str(error) == "tool 'flood' raised RuntimeError: after the flood"
    assert len(json.dumps(error.details)) < 10_000
    assert error.details["stdout"].startswith("xxx")
    assert error.details["stderr"].startswith("yyy")


async def test_outputs_are_as_large_as_is_allowed_and_no_larger(open_project, call):
    async with open_project("tools.py", SOURCE, max_output_bytes=2**21) as tools:
        assert len((await tools.run(call("large", size=2**21 - 2)))["value"]) == 2**21 - 2
        assert (await failure(tools, call("large", size=2**21))).error_code == "TOOL_OUTPUT_TOO_LARGE"
        assert await tools.run(call("add", n=1)) == {"sum": 11}


async def test_a_tool_that_runs_out_of_time_dies_with_what_it_started(open_project, call, lifeline):
    async with open_project("tools.py", SOURCE) as tools, trio.open_nursery() as nursery:
        nursery.start_soon(lifeline.wait_up)
        error = await failure(tools, call("breed", timeout=1, path=str(lifeline.path)))
        await lifeline.wait_dead()

        assert error.error_code == "TIMED_OUT"
        assert error.details == {"stdout": "breeding"}
        assert await tools.run(call("add", n=1)) == {"sum": 11}


async def test_a_cancelled_tool_dies_with_what_it_started(open_project, call, lifeline):
    async with open_project("tools.py", SOURCE) as tools:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tools.run, call("breed", path=str(lifeline.path)))
            await lifeline.wait_up()
            nursery.cancel_scope.cancel()
        await lifeline.wait_dead()

        assert await tools.run(call("add", n=1)) == {"sum": 11}


async def test_what_a_tool_leaves_behind_dies_with_the_project(open_project, call, lifeline):
    async with open_project("tools.py", SOURCE) as tools:
        assert await tools.run(call("leave_behind", path=str(lifeline.path))) == {}
        await lifeline.wait_up()
    await lifeline.wait_dead()


async def test_a_process_that_dies_in_the_middle_of_a_call_fails_that_call_alone(open_project, call, lifeline):
    async with open_project("tools.py", SOURCE, kept_workers=1) as tools:
        crashed = await failure(tools, call("crash"))
        left = await failure(tools, call("quit"))

        assert (crashed.error_code, crashed.details) == ("TOOL_CRASHED", {"stdout": "last words"})
        assert str(crashed) == "tool 'crash' did not end: its process was killed by signal 9"
        assert str(left) == "tool 'quit' did not end: its process exited with status 3"

        victim = (await tools.run(call("pid")))["value"]
        os.kill(victim, signal.SIGKILL)  # while it waits for a call
        await wait_ended(victim)
        assert (await tools.run(call("pid")))["value"] != victim


async def test_fifty_calls_at_once_share_the_processes(open_project, call):
    async with open_project("tools.py", SOURCE, kept_workers=2, most_workers=2) as tools:
        results = []

        async def one(n):
            results.append((await tools.run(call("add", n=n)))["sum"])

        async with trio.open_nursery() as nursery:
            for n in range(50):
                nursery.start_soon(one, n)

    assert sorted(results) == list(range(10, 60))


async def test_single_tools_are_isolated_where_the_others_are_not(open_project, call):
    isolations = {"pid": ToolIsolation.PROCESS}
    async with open_project("tools.py", SOURCE, isolation="none", isolations=isolations) as tools:
        assert (await tools.run(call("pid")))["value"] != os.getpid()
        assert "AWS_X" not in os.environ
        assert set((await tools.run(call("environment")))["seen"]) == set(os.environ)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\ndef broken(:\n", r"tools\.py:2: importing it raised SyntaxError"),
        ("\nimport nothing_of_that_name\n", r"tools\.py:2: .*ModuleNotFoundError"),
        (
            "import os\nprint('bye', flush=True)\nos._exit(4)\n",
            r"loading it did not end: its process exited with status 4",
        ),
        ("raise SystemExit('no')\n", r"SystemExit: no"),
    ],
)
async def test_an_entrypoint_that_cannot_be_loaded_is_told_before_anything_runs(open_project, source, expected):
    with pytest.raises(InvalidError, match=expected):
        async with open_project("tools.py", source):
            pytest.fail("it was opened")


async def test_an_entrypoint_that_breaks_later_fails_the_calls_that_need_a_new_process(open_project, call, tmp_path):
    async with open_project("tools.py", SOURCE, kept_workers=1) as tools:
        (tmp_path / "tools.py").write_text("def broken(:\n")
        await failure(tools, call("quit"))
        error = await failure(tools, call("add", n=1))

    assert error.error_code == "TOOL_NOT_LOADED"
    assert "SyntaxError" in str(error)


async def test_isolated_tools_import_what_this_program_can(open_project, call, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "price_list.py").write_text("PRICE = 3\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "elsewhere")])

    async with open_project("tools.py", "from price_list import PRICE\ndef price(input): return PRICE\n") as tools:
        assert await tools.run(call("price")) == {"value": 3}
