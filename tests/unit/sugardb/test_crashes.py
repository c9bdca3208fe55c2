"""A process that is killed at any instant loses nothing it was told is kept."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROUNDS = 200
SEED = 20261123


class Crashing:
    """A process that writes until it is killed, again and again."""

    def __init__(self, folder, fsync):
        program = Path(__file__).with_name("crashing.py")
        self._process = subprocess.Popen(
            [sys.executable, program, folder, fsync], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def start(self):
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def said(self):
        """Yield what it says, until the one that writes is gone."""
        for line in self._process.stdout:
            fact = json.loads(line)
            yield fact
            if fact["kind"] == "ended":
                assert fact["status"] == signal.SIGKILL  # else it has failed by itself
                return


def run_round(crashing, is_enough):
    """Let it write until that is enough, kill it, and return all that it said."""
    crashing.start()
    facts, pid, ready, killed = [], None, False, False
    for fact in crashing.said():
        facts.append(fact)
        pid = fact.get("pid", pid)
        ready = ready or fact["kind"] == "ready"
        if pid is not None and ready and not killed and is_enough(facts):
            os.kill(pid, signal.SIGKILL)
            killed = True
    return facts


def of_kind(facts, kind):
    return [fact for fact in facts if fact["kind"] == kind]


@pytest.mark.slow
def test_with_always_every_acknowledged_write_is_there_after_any_of_200_kills(tmp_path):
    random_instants = random.Random(SEED)  # noqa: S311 - the same instants each time, not secrets
    least, fences, written = defaultdict(int), [0], 0

    with Crashing(tmp_path / "cache", "always") as crashing:
        for _ in range(ROUNDS):
            instant = random_instants.choice([8, 10, 15, 25, 40])
            facts = run_round(crashing, lambda facts, instant=instant: len(facts) >= instant)

            for found in of_kind(facts, "found"):
                for name in ("count", "talk"):
                    acknowledged = least[name, found["writer"]]
                    # One write at most was under way when it was killed.
                    assert acknowledged <= found[name] <= acknowledged + 1
                    least[name, found["writer"]] = found[name]
                assert found["messages"] == min(found["talk"], 5)
            for name in ("count", "talk"):
                for done in of_kind(facts, name):
                    least[name, done["writer"]] = done["value"]
                    written += 1
            fences += [ready["fence"] for ready in of_kind(facts, "ready")]

    assert len(fences) == ROUNDS + 1
    assert fences == sorted(set(fences))
    assert written > ROUNDS * 5
    assert int(max((tmp_path / "cache").glob("*.snapshot")).stem[-6:]) > 3  # logs were rewritten meanwhile


@pytest.mark.slow
def test_with_everysec_a_kill_costs_the_last_second_at_most(tmp_path):
    with Crashing(tmp_path / "cache", "everysec") as crashing:
        facts = run_round(crashing, lambda facts: facts[-1]["time"] - facts[0]["time"] > 1.7)
        (end,) = of_kind(facts, "ended")
        again = run_round(crashing, lambda _: True)

    for found in of_kind(again, "found"):
        for name in ("count", "talk"):
            old = [done for done in of_kind(facts, name) if done["time"] < end["time"] - 1]
            kept = [done["value"] for done in old if done["writer"] == found["writer"]]
            assert len(kept) > 5
            assert found[name] >= kept[-1]
