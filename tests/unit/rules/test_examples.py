"""The examples in the docstrings of the rules."""

import doctest
import importlib
import pkgutil

import pytest

import compozy.engine.rules

MODULES = [info.name for info in pkgutil.walk_packages(compozy.engine.rules.__path__, "compozy.engine.rules.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
