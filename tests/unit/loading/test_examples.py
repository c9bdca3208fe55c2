"""The examples in the docstrings of the loader."""

import doctest
import importlib
import pkgutil

import pytest

import compozy.engine.loading

MODULES = [info.name for info in pkgutil.iter_modules(compozy.engine.loading.__path__, "compozy.engine.loading.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
