"""The benchmark of workflows and templates goes on measuring what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "engine" / "compare.py"


def test_workflows_and_templates_are_measured_on_all_their_sides(tmp_path):
    samples = tmp_path / "samples.json"
    names = ["sequence", "template-path"]

    command = [sys.executable, SCRIPT, "--no-peers", "--rehearse", "--rounds", "1", "--scale", "0.01"]
    done = subprocess.run(
        [*command, "--only", ",".join(names), "--json", samples], capture_output=True, text=True, check=True
    )

    assert "n/a" not in done.stdout
    assert "not measured" not in done.stdout
    measured = {each["name"]: [len(side["runs"]) for side in each["sides"]] for each in json.loads(samples.read_text())}
    assert measured == dict(zip(names, ([1, 1], [1, 1]), strict=True))
