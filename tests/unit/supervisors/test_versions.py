"""A mapping of which every change makes a new one: old versions stay as they were, and cost nothing once let go."""

import gc
import weakref
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors.core.versions import Versioned

keys = st.sampled_from("abcdef")
changes = st.dictionaries(keys, st.integers(0, 9), max_size=4)


@pytest.mark.slow
@given(
    start=st.dictionaries(keys, st.integers(0, 9)),
    steps=st.lists(st.tuples(st.integers(0, 99), changes, st.sets(keys, max_size=3)), max_size=12),
    look=st.lists(st.integers(0, 99), max_size=12),
)
def test_every_version_stays_what_it_was_whatever_is_made_of_it_and_in_whatever_order_they_are_read(start, steps, look):
    versions, models = [Versioned(start)], [dict(start)]
    for which, changed, dropped in steps:
        base = which % len(versions)
        gone = sorted(key for key in dropped if key in models[base] or key in changed)
        versions.append(versions[base].changed(changed, gone))
        models.append({key: value for key, value in {**models[base], **changed}.items() if key not in gone})
    for which in look:
        index = which % len(versions)
        assert dict(versions[index]) == models[index]
    for version, model in zip(versions, models, strict=True):
        assert dict(version) == model
        assert len(version) == len(model)
        assert all(version.get(key, "none") == model.get(key, "none") for key in "abcdef")
        assert all((key in version) == (key in model) for key in "abcdef")


def test_what_it_is_made_from_is_copied():
    content = {"a": 1}
    version = Versioned(content)
    content["a"] = 2

    assert version["a"] == 1


def test_the_newest_version_keeps_the_order_in_which_keys_came():
    version = Versioned(dict.fromkeys("cab")).changed({"z": 1, "a": 2}).changed({}, ("c",))

    assert list(version) == ["a", "b", "z"]


def test_what_is_not_there_is_missing_in_every_version():
    old = Versioned({"a": 1})
    new = old.changed({"b": 2})

    for version in (new, old):
        with pytest.raises(KeyError):
            version["x"]
    with pytest.raises(KeyError):
        old["b"]


def test_dropping_what_is_not_there_is_refused_and_leaves_the_version_as_it_was():
    version = Versioned({"a": 1, "b": 2})

    with pytest.raises(KeyError):
        version.changed({"a": 5, "c": 6}, ("b", "x"))

    assert dict(version) == {"a": 1, "b": 2}


def test_a_key_that_comes_and_goes_in_one_change_was_never_there():
    old = Versioned({"a": 1})

    new = old.changed({"b": 2}, ("b",))

    assert (dict(new), dict(old)) == ({"a": 1}, {"a": 1})


def test_it_says_what_is_in_it():
    assert repr(Versioned({"a": 1})) == "Versioned({'a': 1})"


def test_old_versions_are_freed_once_nobody_holds_them():
    class Value:
        pass

    value = Value()
    gone = weakref.ref(value)
    version = Versioned({"a": value}).changed({"a": None})
    del value
    gc.collect()

    assert gone() is None
    assert version["a"] is None


@pytest.mark.slow
def test_a_long_history_is_read_and_freed_without_recursion():
    first = version = Versioned({"a": 0})
    for number in range(50_000):
        version = version.changed({"a": number})

    assert first["a"] == 0
    assert version["a"] == 49_999
    first = version = Versioned({"a": 0})
    for number in range(50_000):
        version = version.changed({"a": number})
    del first


def test_a_change_costs_the_same_however_much_is_in_it():
    def measure(size):
        version = Versioned(dict.fromkeys(range(size)))
        best = float("inf")
        for _ in range(5):
            started = thread_time()
            for number in range(200):
                version = version.changed({number % size: number})
            best = min(best, thread_time() - started)
        return best

    assert measure(100_000) < 20 * measure(10)
