"""Programs that embed a tree, or the whole runtime, keep their signals, their tasks and their end to themselves."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

import compozy

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE_S = 30


@pytest.fixture
def examples(tmp_path):
    """A copy of the examples, with state of its own."""
    ignored = shutil.ignore_patterns("__pycache__", ".compozy")
    return Path(shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=ignored))


@pytest.fixture
def start():
    """Return a function that starts a program, whose output can be read; at the end none of its family may be left."""
    programs = []

    def make(path: Path) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONUTF8": "1"},
            process_group=0,
        )
        programs.append(process)
        return process

    yield make
    for process in programs:
        with process:
            process.kill()


def wait_for(process: subprocess.Popen, start: str) -> str:
    """Read up to a line that begins so, and return the rest of that line."""
    for line in process.stdout:
        if line.startswith(start):
            return line.removeprefix(start).strip()
    raise AssertionError(f"ended without having said {start!r}: {process.communicate()}")


def family_of(process: subprocess.Popen) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_program_with_a_tree_counts_visits_and_gets_over_the_loss_of_its_child(start, examples):
    program = start(examples / "embed" / "visits.py")
    url = wait_for(program, "open ")
    first, second = httpx.get(url).json(), httpx.get(url).json()
    [child] = [each for each in family_of(program) if "fortunes.py" in each.cmdline()[-1]]
    child.kill()
    wait_for(program, "fortunes is ready")
    third = httpx.get(url).json()

    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=PATIENCE_S)

    assert [first["visit"], second["visit"], third["visit"]] == [1, 2, 3]
    assert first["fortune"] == third["fortune"] == "You will meet a patient process."
    assert second["fortune"] == "A port in a storm is free."


def test_ctrl_c_is_the_programs_own_affair_and_nothing_is_left(start, examples):
    program = start(examples / "embed" / "visits.py")
    wait_for(program, "open ")
    family = family_of(program)

    program.send_signal(signal.SIGINT)
    said, complaints = program.communicate(timeout=PATIENCE_S)
    alive = psutil.wait_procs(family, timeout=PATIENCE_S)[1]

    *stopped, work, end = said.splitlines()[1:]
    assert said.startswith("the program got SIGINT\n")
    assert stopped[0] == "http is stopped"
    assert sorted(stopped[1:]) == ["fortunes is stopped", "visits is stopped"]
    assert [work, end] == ["the program's own work is put down", "the program ends as it likes"]
    assert program.returncode == 0
    assert complaints == ""
    assert family
    assert alive == []


def test_program_with_the_whole_runtime_prints_what_its_readme_says(start, examples):
    program = start(examples / "embed" / "greetings.py")

    said, complaints = program.communicate(timeout=2 * PATIENCE_S)

    lines = said.splitlines()
    readme = (examples / "embed" / "README.md").read_text(encoding="utf-8")
    shown = readme[readme.index("    Hello, Ada!") : readme.index("\n\nWhat to look at: `compozy")]
    assert lines[0] == "Hello, Ada! (8 letters)"
    assert sorted(lines) == sorted(line.strip() for line in shown.splitlines())
    assert complaints == ""
    assert program.returncode == 0


def handlers():
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


async def test_tree_touches_no_signal_handler(examples):
    spec = importlib.util.spec_from_file_location("visits", examples / "embed" / "visits.py")
    visits = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(visits)
    before = handlers()

    async with visits.tree.open() as live:
        inside = handlers()
        await live.restart("fortunes")
        restarted = handlers()

    assert before == inside == restarted == handlers()


async def test_runtime_touches_no_signal_handler(examples):
    before = handlers()

    async with compozy.open_runtime(examples / "hello") as app:
        inside = handlers()
        outputs = await app.run("greet", {"name": "Fernando"})
        run = handlers()

    assert before == inside == run == handlers()
    assert outputs["greeting"] == "Olá, Fernando!"
