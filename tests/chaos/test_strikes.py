"""The plan of a storm: strange enough, and the same for the same seed."""

from .strikes import chance, plan_strikes

VICTIMS = ("store", "cache", "worker")


def planned(seed, count=30):
    return plan_strikes(chance(seed, "strikes"), VICTIMS, executions=60, count=count)


def test_the_same_seed_gives_the_same_strikes():
    assert planned(7) == planned(7)
    assert planned(7) != planned(8)


def test_every_victim_has_its_turn_before_any_has_another():
    for seed in range(50):
        assert {strike.victim for strike in planned(seed, count=3)} == set(VICTIMS)


def test_strikes_are_spread_over_the_executions_and_some_fall_at_once():
    strikes = planned(7)

    assert [strike.at for strike in strikes] == sorted({strike.at for strike in strikes})
    assert (strikes[0].at, strikes[-1].at) == (1, 58)
    assert {strike.latest_s for strike in strikes} == {0.0, 4.0}
    assert {strike.down_s > 0 for strike in strikes} == {True, False}
