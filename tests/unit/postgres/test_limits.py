"""How much is sent at once, and how long is waited."""

from compozy.drivers.postgres.session import BATCH_BYTES, in_batches
from compozy.drivers.postgres.store import RETRIES, pause_s


def test_batches_hold_all_rows_in_their_order():
    rows = [(str(n), None, n) for n in range(1000)]

    batches = list(in_batches(rows))

    assert [row for batch in batches for row in batch] == rows
    assert len(batches) > 1


def test_no_rows_make_no_batch():
    assert list(in_batches([])) == []


def test_only_the_last_row_of_a_batch_may_be_large():
    for filling in ("x", b"x"):
        rows = [(filling * size,) for size in (10, BATCH_BYTES, 10, 20, BATCH_BYTES * 10, 10)]

        assert [len(batch) for batch in in_batches(rows)] == [2, 3, 1]


def test_pauses_grow_and_are_bounded():
    pauses = [pause_s(attempt, 1.0) for attempt in range(RETRIES)]

    assert pauses == sorted(pauses)
    assert pauses[0] < 0.01
    assert pauses[-1] <= 0.25
    assert 1 < sum(pauses) < 3


def test_pauses_spread_over_the_whole_range():
    assert pause_s(5, 0.0) == 0
    assert pause_s(5, 0.5) == pause_s(5, 1.0) / 2
