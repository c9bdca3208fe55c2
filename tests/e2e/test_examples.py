"""The examples run as they stand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "greeting"), [("Ada", "Hello, Ada!"), ("Fernando", "Olá, Fernando!"), ("Nobody", "Hello, Nobody!")]
)
def test_hello_greets_those_it_knows_and_those_it_does_not(name, greeting):
    command = [sys.executable, "-m", "compozy", "run", "greet", "--config", EXAMPLES / "hello", "--temporary"]

    done = subprocess.run(
        [*command, "--input", f"name={name}", "-o", "json"], capture_output=True, text=True, check=True
    )

    output = json.loads(done.stdout)
    assert output["greeting"] == greeting
    assert output["letters"] == sum(map(str.isalpha, greeting))
