"""Mutants of the library: copies that break one rule each, and the test that notices.

A rule that no test would miss is not proved. Each mutant is a copy of the package in which one piece of text is
replaced; the test that is named beside it must fail there, by an assertion, and pass on a copy that is as it should be.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

import supervisors

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@attrs.frozen
class Mutant:
    """One broken rule.

    Attributes:
        breaks: What the rule says.
        module: Where the text is.
        text: What is replaced; there exactly once.
        by: What takes its place.
        killer: The test that must fail, as ``file::test``.
    """

    breaks: str
    module: str
    text: str
    by: str
    killer: str

    def make(self, package: Path) -> None:
        """Turn a copy of the package into this mutant."""
        path = package / self.module
        source = path.read_text()
        assert source.count(self.text) == 1, f"{self.module} has changed; bring this mutant in line: {self.breaks}"
        path.write_text(source.replace(self.text, self.by))


MUTANTS = {
    "late revocation": Mutant(
        breaks="readiness goes off when the stop is requested, not when the actor ends",
        module="core/states.py",
        text="AVAILABLE = frozenset({State.READY, State.DEGRADED})",
        by="AVAILABLE = frozenset({State.READY, State.DEGRADED, State.DRAINING, State.STOPPING})",
        killer="test_reducer.py::test_readiness_goes_off_when_the_stop_is_requested_not_when_the_actor_ends",
    ),
    "roots first": Mutant(
        breaks="an actor is asked to stop only once those who need or want it have ended",
        module="core/stopping.py",
        text=" is State.DRAINING and not draft.is_held(name):",
        by=" is State.DRAINING:",
        killer="test_reducer.py::test_actors_stop_only_after_all_who_need_or_want_them",
    ),
    "penalty for dependents": Mutant(
        breaks="dependents of a crashed actor come back without penalty",
        module="core/failing.py",
        text="Fate.RETURN, Cause.DEPENDENCY_LOST, name, quick=True)\n    if not wait:",
        by="Fate.FAIL, Cause.DEPENDENCY_LOST, name, quick=True)\n    if not wait:",
        killer="test_reducer.py::test_failure_of_a_dependent_while_its_dependency_is_lost_costs_it_nothing",
    ),
    "backoff without cap": Mutant(
        breaks="no wait before a retry is longer than the cap",
        module="core/backoff.py",
        text="min(self.cap, self.base * 2.0**doublings)",
        by="self.base * 2.0**doublings",
        killer="test_backoff.py::test_wait_doubles_with_each_attempt_up_to_the_cap",
    ),
    "unforgiving": Mutant(
        breaks="failures are forgotten after thirty seconds of readiness",
        module="core/draft.py",
        text="return cell.is_available and at - cell.available_since >= CALM",
        by="return False",
        killer="test_reducer.py::test_streak_is_forgotten_after_thirty_seconds_of_readiness",
    ),
    "greedy": Mutant(
        breaks="in a shutdown nobody takes more than its slot of the budget",
        module="core/stopping.py",
        text="return min(draft.at + grace, draft.shutdown.at + slot_of(draft, name).cancel_by)",
        by="return draft.at + grace",
        killer="test_reducer.py::test_stop_shortens_the_grace_of_a_restart_that_is_under_way",
    ),
    "endless patience": Mutant(
        breaks="a shutdown bounds the patience with those that were cancelled before it",
        module="core/stopping.py",
        text="draft.put(name, deadline=min(cell.deadline, ends))",
        by="draft.put(name, deadline=cell.deadline)",
        killer="test_corner_cases.py::test_shutdown_bounds_the_patience_with_what_was_cancelled_before_it",
    ),
    "undead": Mutant(
        breaks="an abandoned actor takes the tree down and is never started again",
        module="core/stopping.py",
        text='    begin_shutdown(draft, f"{name} was abandoned")\n',
        by="",
        killer="test_reducer.py::test_actor_abandoned_during_a_restart_takes_the_tree_down",
    ),
    "impostor": Mutant(
        breaks="what an older generation says does not count for the present one",
        module="core/draft.py",
        text="return cell if cell is not None and cell.generation == generation else None",
        by="return cell",
        killer="test_reducer.py::test_started_of_an_old_generation_changes_nothing",
    ),
    "hard wants": Mutant(
        breaks="a want keeps its dependent running when the wanted one crashes",
        module="core/plan.py",
        text="{key: _names(spec.needs) for key, spec in specs.items()}",
        by="{key: _names((*spec.needs, *spec.wants)) for key, spec in specs.items()}",
        killer="test_reducer.py::test_a_want_keeps_its_dependent_running_when_the_wanted_one_crashes",
    ),
    "stampede": Mutant(
        breaks="a hurried stop keeps the order",
        module="core/stopping.py",
        text="            if draft.cell(name).state is State.STOPPING:\n                cancel(",
        by="            if draft.cell(name).state in LEAVING:\n                cancel(",
        killer="test_reducer.py::test_hurry_cancels_those_that_are_stopping_and_the_others_in_their_turn",
    ),
    "stubborn boot": Mutant(
        breaks="the first boot fails fast",
        module="core/failing.py",
        text="booting = not draft.ever_ready and ",
        by="booting = draft.ever_ready and ",
        killer="test_reducer.py::test_first_boot_fails_fast_and_undoes_itself_in_reverse",
    ),
    "half a group": Mutant(
        breaks="a member that gives up makes all members of its group start again",
        module="core/failing.py",
        text="condemn(draft, draft.plan.lost_with(group), Fate",
        by="condemn(draft, draft.plan.dependents(group), Fate",
        killer="test_groups.py::test_a_member_that_gives_up_restarts_the_whole_group_after_its_backoff_and_nothing_else",
    ),
    "hoarder": Mutant(
        breaks="the child of a pool is forgotten when it has ended",
        module="core/reducer.py",
        text="        draft.effects.append(Drop(name, result=happened.result))\n        draft.drop(name)\n",
        by="        draft.effects.append(Drop(name, result=happened.result))\n",
        killer="test_pools.py::test_a_child_that_has_ended_is_in_no_part_of_the_world",
    ),
    "rash start": Mutant(
        breaks="nobody starts again before the dependents of its last generation have ended",
        module="core/reducer.py",
        text="        and not draft.has_live_dependents(name)\n",
        by="",
        killer="test_reducer.py::test_crashed_actor_waits_for_its_dependents_to_end_before_it_starts_again",
    ),
    "scapegoats": Mutant(
        breaks="what failed because something below it had failed is no root cause",
        module="core/reducer.py",
        text="    return not any(failure.name in below for failure in draft.failures)",
        by="    return bool(below) or True",
        killer="test_reducer.py::test_collateral_of_the_stop_is_not_blamed",
    ),
    "hypochondriac": Mutant(
        breaks="an actor is unhealthy only after several failed checks in a row",
        module="core/reducer.py",
        text="draft.put(name, failing=0)\n            draft.move(name, State.READY, Cause.RECOVERED)",
        by="draft.move(name, State.READY, Cause.RECOVERED)",
        killer="test_corner_cases.py::test_only_failures_in_a_row_make_an_actor_unhealthy",
    ),
    "torn apart": Mutant(
        breaks="a cancellation from outside cannot tear the ordered stop apart",
        module="runtime/opening.py",
        text="with trio.CancelScope(shield=True, deadline=executor.latest_end()):",
        by="with trio.CancelScope(deadline=executor.latest_end()):",
        killer="test_shutdown.py::test_cancellation_from_outside_still_stops_in_order",
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the package, with its bytecode."""
    return Path(shutil.copytree(Path(supervisors.__file__).parent, tmp_path / "supervisors"))


@pytest.fixture(scope="module")
def killing():
    """A process that runs tests on copies."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("COV", "PYTEST_"))}
    process = subprocess.Popen(
        [sys.executable, HERE / "killing.py"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process


@pytest.fixture
def run_tests(killing, copy):
    """Return a function that runs tests on the copy, and gives pytest's exit status and what it printed."""
    output = copy.parent / "output"
    options = ["-x", "--tb=short", "--timeout=60", "-p", "no:cacheprovider"]
    options += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]

    def run_tests(tests: list[str]) -> tuple[int, str]:
        arguments = [*options, *(str(HERE / test) for test in tests)]
        job = {"folder": str(copy.parent), "output": str(output), "arguments": arguments}
        killing.stdin.write(f"{json.dumps(job)}\n")
        killing.stdin.flush()
        status = int(killing.stdout.readline())
        return status, output.read_text()

    return run_tests


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=list(MUTANTS))
def test_mutant_is_killed(copy, run_tests, mutant):
    mutant.make(copy)

    status, said = run_tests([mutant.killer])

    assert status == 1, said
    assert re.search(r"^(E| +\|) +(assert|AssertionError|Failed: DID NOT RAISE)", said, re.MULTILINE), said
    assert " error" not in said.splitlines()[-1], "it has to fail, not to be unable to run"


@pytest.mark.slow
def test_what_kills_mutants_spares_the_original(run_tests):
    status, said = run_tests(sorted({mutant.killer for mutant in MUTANTS.values()}))

    assert status == 0, said
