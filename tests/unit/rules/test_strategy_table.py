"""The strategies, row by row: how the tasks of a container stand, and what that makes of the container.

``S`` succeeded, ``k`` was skipped, ``F`` failed, ``T`` timed out, ``C`` was canceled; ``r`` runs, ``w`` waits, ``p`` is
paused, ``.`` has not begun and is not told of.
"""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.definitions import Strategy
from compozy.domain.statuses import Status
from compozy.engine.rules.strategies import Verdict, verdict

LETTERS = {
    "S": Status.SUCCESS,
    "k": Status.SUCCESS,
    "F": Status.FAILED,
    "T": Status.TIMED_OUT,
    "C": Status.CANCELED,
    "r": Status.RUNNING,
    "w": Status.WAITING,
    "p": Status.PAUSED,
}

# "cancels" says that what still runs, or has not begun, is not wanted any more.
TABLE = """
children | wait_all  | fail_fast      | best_effort | race
         | SUCCESS   | SUCCESS        | SUCCESS     | SUCCESS
S        | SUCCESS   | SUCCESS        | SUCCESS     | SUCCESS
F        | FAILED    | FAILED         | FAILED      | FAILED
T        | FAILED    | FAILED         | FAILED      | FAILED
C        | FAILED    | FAILED         | FAILED      | FAILED
r        | open      | open           | open        | open
w        | open      | open           | open        | open
p        | open      | open           | open        | open
.        | open      | open           | open        | open
SS       | SUCCESS   | SUCCESS        | SUCCESS     | SUCCESS
SF       | FAILED    | FAILED         | SUCCESS     | SUCCESS
ST       | FAILED    | FAILED         | SUCCESS     | SUCCESS
SC       | FAILED    | FAILED         | SUCCESS     | SUCCESS
FF       | FAILED    | FAILED         | FAILED      | FAILED
FT       | FAILED    | FAILED         | FAILED      | FAILED
FC       | FAILED    | FAILED         | FAILED      | FAILED
TT       | FAILED    | FAILED         | FAILED      | FAILED
CC       | FAILED    | FAILED         | FAILED      | FAILED
Sr       | open      | open           | open        | SUCCESS cancels
Sw       | open      | open           | open        | SUCCESS cancels
Sp       | open      | open           | open        | SUCCESS cancels
S.       | open      | open           | open        | SUCCESS cancels
Fr       | open      | FAILED cancels | open        | open
Fw       | open      | FAILED cancels | open        | open
F.       | open      | FAILED cancels | open        | open
Tr       | open      | FAILED cancels | open        | open
Cr       | open      | FAILED cancels | open        | open
SFr      | open      | FAILED cancels | open        | SUCCESS cancels
SFrw..   | open      | FAILED cancels | open        | SUCCESS cancels
SCCC     | FAILED    | FAILED         | SUCCESS     | SUCCESS
FCCC     | FAILED    | FAILED         | FAILED      | FAILED
FTCr     | open      | FAILED cancels | open        | open
k        | SUCCESS   | SUCCESS        | SUCCESS     | SUCCESS
kk       | SUCCESS   | SUCCESS        | SUCCESS     | SUCCESS
kr       | open      | open           | open        | open
k.       | open      | open           | open        | open
kS       | SUCCESS   | SUCCESS        | SUCCESS     | SUCCESS
kSr      | open      | open           | open        | SUCCESS cancels
kF       | FAILED    | FAILED         | FAILED      | FAILED
kT       | FAILED    | FAILED         | FAILED      | FAILED
kC       | FAILED    | FAILED         | FAILED      | FAILED
kkFr     | open      | FAILED cancels | open        | open
kSF      | FAILED    | FAILED         | SUCCESS     | SUCCESS
"""


def _rows():
    header, *rows = ([cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines())
    for children, *cells in rows:
        for strategy, cell in zip(header[1:], cells, strict=True):
            yield pytest.param(strategy, children, cell, id=f"{strategy}-{children or 'none'}")


def _verdict(strategy, children):
    statuses = [LETTERS[c] for c in children if c != "."]
    return verdict(Strategy(strategy), statuses, total=len(children), skipped=children.count("k"))


@pytest.mark.parametrize(("strategy", "children", "expected"), list(_rows()))
def test_a_container_stands_as_the_table_says_in_whatever_order_its_children_are(strategy, children, expected):
    word, *cancels = expected.split()
    wanted = Verdict(status=None if word == "open" else Status(word), cancels_rest=bool(cancels))

    for order in set(itertools.permutations(children)):
        assert _verdict(strategy, "".join(order)) == wanted


def test_the_table_has_a_column_for_every_strategy():
    header = TABLE.strip().splitlines()[0].split("|")[1:]

    assert {name.strip() for name in header} == set(Strategy)


def test_more_statuses_than_tasks_are_refused():
    with pytest.raises(ValueError, match="2 statuses for 1 tasks"):
        verdict(Strategy.RACE, [Status.SUCCESS, Status.FAILED], total=1)


strategies = st.sampled_from(Strategy)
statuses = st.lists(st.sampled_from(Status), max_size=8)
endings = st.sampled_from([status for status in Status if status.is_terminal])


@given(strategies, statuses, st.data())
def test_a_verdict_stays_whatever_becomes_of_the_rest(strategy, children, data):
    before = verdict(strategy, children, total=len(children))
    ended = [status if status.is_terminal else data.draw(endings) for status in children]
    after = verdict(strategy, ended, total=len(ended))

    assert after.status is not None
    assert not after.cancels_rest
    assert before.status in {None, after.status}


@given(strategies, statuses, st.integers(min_value=0, max_value=3))
def test_a_task_that_has_not_begun_counts_as_one_that_runs(strategy, children, unborn):
    told = verdict(strategy, [*children, *[Status.RUNNING] * unborn], total=len(children) + unborn)

    assert verdict(strategy, children, total=len(children) + unborn) == told


@given(strategies, statuses)
def test_only_what_is_decided_early_cancels_and_only_when_something_is_left(strategy, children):
    reached = verdict(strategy, children, total=len(children))
    is_left = not all(status.is_terminal for status in children)

    assert reached.cancels_rest is (reached.status is not None and is_left)
    if reached.cancels_rest:
        assert strategy in {Strategy.FAIL_FAST, Strategy.RACE}


@given(statuses)
def test_fail_fast_and_race_end_as_wait_all_and_best_effort_do_when_all_have_ended(children):
    ended = [status for status in children if status.is_terminal]

    def status_of(strategy):
        return verdict(strategy, ended, total=len(ended)).status

    assert status_of(Strategy.FAIL_FAST) is status_of(Strategy.WAIT_ALL)
    assert status_of(Strategy.RACE) is status_of(Strategy.BEST_EFFORT)
