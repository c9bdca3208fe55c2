import pytest

from compozy.domain.suggestions import did_you_mean


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("gret", ["greet", "count"], "did you mean 'greet'? known: count, greet"),
        ("x", ["greet", "count"], "known: count, greet"),
        ("x", [], "there are none"),
    ],
)
def test_the_nearest_name_and_all_known_ones_are_told(name, known, hint):
    assert did_you_mean(name, known) == hint


def test_a_long_list_is_cut():
    hint = did_you_mean("x", [f"task-{number:03}" for number in range(100)])

    assert hint.endswith("task-023, …")


def test_the_nearest_of_very_many_names_is_found_where_it_would_stand():
    names = [f"task-{number:05}" for number in range(20_000)]

    assert did_you_mean("task-01234x", names).startswith("did you mean 'task-01234'?")
