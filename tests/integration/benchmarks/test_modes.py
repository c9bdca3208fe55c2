"""The benchmark of both modes goes on measuring what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "modes" / "compare.py"


def test_reads_and_events_are_measured_on_all_their_sides(tmp_path):
    samples = tmp_path / "samples.json"
    names = ["events-standalone", "get-standalone"]

    command = [sys.executable, SCRIPT, "--rehearse", "--rounds", "1", "--scale", "0.02", "--only", ",".join(names)]
    done = subprocess.run([*command, "--json", samples], capture_output=True, text=True, check=True)

    assert "n/a" not in done.stdout
    assert "not measured" not in done.stdout
    measured = {each["name"]: [len(side["runs"]) for side in each["sides"]] for each in json.loads(samples.read_text())}
    assert measured == {"events-standalone": [1], "get-standalone": [1, 1]}
