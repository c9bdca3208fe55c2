"""``python -m supervisors`` as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from functools import partial

import pytest
import trio

from supervisors.inspection.codec import read_events
from supervisors.inspection.replay import replay

pytestmark = pytest.mark.slow

APP = """
from supervisors import Tree, constant

tree = Tree("shop", shutdown=20)
tree.add(constant(1), name="store", grace=1)

@tree.actor(needs=("store",), grace=1)
async def http(ctx, store):
    ctx.started()
    await ctx.stopping.wait()

work = Tree("work", shutdown=1)
work.add(constant(1), name="db")

@work.actor(needs=("db",), main=True)
async def job(ctx, db):
    return 7

failing = Tree("failing")

@failing.actor
async def broken(ctx):
    raise ValueError("bad setting")

def wide():
    tree = Tree("wide")
    for number in range(2_000):
        tree.add(constant(number), name=f"actor{number}")
    return tree
"""


@pytest.fixture
def shop(tmp_path):
    """Return the folder of the program."""
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


@pytest.fixture
def invoke(shop):
    """Return a function that runs the command line to its end."""

    async def run(*args):
        argv = [sys.executable, "-m", "supervisors", *args]
        done = await trio.run_process(argv, cwd=shop, capture_stdout=True, capture_stderr=True, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


class Running:
    """A command that runs on, and what it wrote to standard error."""

    def __init__(self, process):
        self.process = process
        self.text = ""

    async def read_until(self, end):
        while end not in self.text:
            chunk = await self.process.stderr.receive_some()
            assert chunk, f"ended before it wrote {end!r}; it wrote {self.text}"
            self.text += chunk.decode()

    async def wait(self):
        async with self.process.stderr:
            async for chunk in self.process.stderr:
                self.text += chunk.decode()
        return await self.process.wait()


@pytest.fixture
async def launch(shop, nursery):
    """Return a function that starts the command line."""

    async def start(*args):
        argv = [sys.executable, "-m", "supervisors", *args]
        run = partial(trio.run_process, argv, cwd=shop, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        return Running(await nursery.start(run))

    return start


async def test_ctrl_c_stops_the_tree_in_order_and_exits_with_zero(launch):
    command = await launch("run", "app:tree")
    await command.read_until("http#1  starting -> ready")

    command.process.send_signal(signal.SIGINT)
    code = await command.wait()

    moves = [line.split("  ")[1:3] for line in command.text.splitlines()]
    assert code == 0
    assert [name for name, move in moves if move.endswith("-> stopped")] == ["http#1", "store#1"]
    assert "(shutdown: SIGINT)" in command.text


async def test_exit_status_is_that_of_the_tree_and_warnings_come_first(invoke):
    code, output, errors = await invoke("run", "app:work")

    assert (code, output) == (7, "")
    assert errors.splitlines()[0].startswith("warning: tree 'work' has 1 s to stop, but job -> db may take 14 s")
    assert errors.splitlines()[1].startswith("+0.000 s  db#0  declared -> waiting")


async def test_failed_tree_exits_with_one_and_the_report(invoke):
    code, _, errors = await invoke("run", "app:failing", "--events", "none")

    assert code == 1
    assert errors.startswith("tree 'failing' failed because of broken\n  - ValueError: bad setting\n")


async def test_events_as_json_are_one_object_per_line(invoke):
    code, _, errors = await invoke("run", "app:work", "--events", "json")

    first, *others = map(json.loads, errors.splitlines())
    assert code == 7
    assert "warning" in first
    assert {values["name"] for values in others} == {"db", "job"}


async def test_part_of_a_tree_is_run_and_its_log_replayed(launch, invoke, shop):
    command = await launch("run", "app:tree", "--only", "store", "--log", "events.jsonl")
    await command.read_until("store#1  starting -> ready")
    command.process.send_signal(signal.SIGTERM)
    assert await command.wait() == 0

    code, output, errors = await invoke("replay", "events.jsonl")

    states = replay(read_events((shop / "events.jsonl").read_text().splitlines()))
    assert [row.name for row in states[-1]] == ["store"]
    assert (code, errors) == (0, "")
    assert output.splitlines()[1] == "the tree is stopping: SIGTERM"
    assert output.splitlines()[-1].split()[:2] == ["store", "stopped"]


async def test_log_may_come_from_standard_input(shop):
    line = '{"at":5,"name":"db","generation":0,"from":"declared","to":"waiting","cause":"tree opened","detail":""}\n'

    argv = [sys.executable, "-m", "supervisors", "replay", "-", "-o", "json"]
    done = await trio.run_process(argv, cwd=shop, stdin=line.encode(), capture_stdout=True)

    assert json.loads(done.stdout)["number"] == 1


async def test_help_has_examples(invoke):
    code, output, errors = await invoke("--help")
    of_run = await invoke("run", "--help")

    assert (code, errors) == (0, "")
    assert "python -m supervisors plan app:tree" in output
    assert "--only NAME" in of_run[1]


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("plan", "app"), "'app' does not name a tree; write module:tree, for instance app:tree\n"),
        (("run", "ap:tree"), "there is no module 'ap'"),
        (("run", "app:tre"), "app has no 'tre'; did you mean 'tree'?; its trees are tree, work, failing\n"),
        (("run", "app:tree", "--only", "htp"), "tree 'shop' has no actor 'htp'; did you mean 'http'?\n"),
        (("run", "app:tree", "--log", "no/such/folder"), "[Errno 2] No such file or directory: 'no/such/folder'\n"),
        (("replay", "nowhere.jsonl"), "[Errno 2] No such file or directory: 'nowhere.jsonl'\n"),
    ],
)
async def test_what_cannot_be_done_has_a_line_and_status_two(invoke, args, problem):
    code, output, errors = await invoke(*args)

    assert (code, output) == (2, "")
    assert errors.startswith(problem)
    assert "Traceback" not in errors


async def test_reader_that_goes_away_is_no_error(shop):
    argv = [sys.executable, "-m", "supervisors", "plan", "app:wide", "-o", "json"]
    # Without a buffer Python takes a write that was cut short by the reader's end for a whole one.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    async with trio.open_nursery() as nursery:
        run = partial(trio.run_process, argv, cwd=shop, env=env, check=False, **pipes)
        process = await nursery.start(run)
        await process.stdout.receive_some(1)
        await process.stdout.aclose()
        async with process.stderr:
            errors = b"".join([chunk async for chunk in process.stderr])

    assert errors == b""
    assert process.returncode == 1


async def test_tree_runs_on_when_nobody_reads_its_events_any_more(launch):
    command = await launch("run", "app:tree", "--log", "events.jsonl")
    await command.read_until("declared -> waiting")
    await command.process.stderr.aclose()

    command.process.send_signal(signal.SIGINT)

    assert await command.process.wait() == 0
