"""How long an actor waits before it is started again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors import Backoff


@pytest.mark.parametrize(("attempt", "longest"), [(1, 0.2), (2, 0.4), (3, 0.8), (8, 25.6), (9, 30.0), (5000, 30.0)])
def test_wait_doubles_with_each_attempt_up_to_the_cap(attempt, longest):
    assert Backoff(0.2, 30).delay(attempt, chance=0) == pytest.approx(longest / 2)
    assert Backoff(0.2, 30).delay(attempt, chance=1 - 1e-12) == pytest.approx(longest)


@given(attempt=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True), base=st.floats(1e-3, 100))
def test_wait_is_never_zero_and_never_above_the_cap(attempt, chance, base):
    wait = Backoff(base, 30).delay(attempt, chance=chance)

    assert 0 < wait <= 30


@pytest.mark.parametrize("values", [(-1, 1), (1, -1)])
def test_backoff_refuses_negative_values(values):
    with pytest.raises(ValueError, match="must be >= 0"):
        Backoff(*values)


@pytest.mark.parametrize("backoff", [Backoff(0, 30), Backoff(0.2, 0)])
def test_backoff_without_a_base_or_a_cap_does_not_wait(backoff):
    assert backoff.delay(7, chance=0.5) == 0
