"""The benchmark of the store goes on measuring what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "store" / "compare.py"


@pytest.mark.parametrize(
    ("database", "more"),
    [("sqlite", {"sqlite-read": 1, "sqlite-write-at-once": 2}), ("postgres", {})],
)
def test_all_sides_of_each_experiment_do_their_work(tmp_path, database, more):
    samples = tmp_path / "samples.json"

    command = [sys.executable, SCRIPT, "--no-peers", "--rounds", "1", "--scale", "0.002", "--rehearse"]
    done = subprocess.run(
        [*command, "--only", f"{database}-*", "--json", samples], capture_output=True, text=True, check=True
    )

    assert "n/a" not in done.stdout
    assert "not measured" not in done.stdout
    measured = {each["name"]: [len(side["runs"]) for side in each["sides"]] for each in json.loads(samples.read_text())}
    jobs = ("read", "read-at-once", "write", "write-at-once", "write-tasks", "page", "tree")
    names = [f"{database}-{job}" for job in jobs]
    assert measured == {name: [1] * (2 + more.get(name, 0)) for name in names}
