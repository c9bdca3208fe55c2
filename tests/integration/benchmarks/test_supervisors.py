"""The benchmark of the supervision library goes on measuring what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "supervisors" / "compare.py"


def test_both_sides_of_each_experiment_do_their_work(tmp_path):
    samples = tmp_path / "samples.json"

    names = "lifecycle,restart,ask,process"
    command = [sys.executable, SCRIPT, "--no-peers", "--rounds", "1", "--scale", "0.002", "--only", names]
    done = subprocess.run([*command, "--json", samples], capture_output=True, text=True, check=True)

    assert "n/a" not in done.stdout
    assert "not measured" not in done.stdout
    measured = {each["name"]: [len(side["runs"]) for side in each["sides"]] for each in json.loads(samples.read_text())}
    assert measured == {"lifecycle": [1, 1], "restart": [1, 1], "ask": [1, 1, 1], "process": [1, 1]}
