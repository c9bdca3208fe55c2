"""The examples run as they stand."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import compozy

pytestmark = pytest.mark.slow

HELLO = Path(__file__).parents[2] / "examples" / "hello"


def test_hello_runs_from_the_command_line():
    command = [sys.executable, "-m", "compozy", "run", "greet", "--config", HELLO, "--temporary"]

    done = subprocess.run([*command, "--input", "name=Ada", "-o", "json"], capture_output=True, text=True, check=True)

    output = json.loads(done.stdout)
    assert output["greeting"] == "Hello, Ada!"
    assert output["letters"] == 8


async def test_hello_greets_those_it_knows_and_those_it_does_not(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", ".compozy")
    folder = shutil.copytree(HELLO, tmp_path / "hello", ignore=ignored)

    async with compozy.open_runtime(folder) as app:
        outputs = [await app.run("greet", {"name": name}) for name in ("Ada", "Fernando", "Nobody")]

    greetings = ["Hello, Ada!", "Olá, Fernando!", "Hello, Nobody!"]
    assert [output["greeting"] for output in outputs] == greetings
    assert [output["letters"] for output in outputs] == [sum(map(str.isalpha, greeting)) for greeting in greetings]
