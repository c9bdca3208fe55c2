"""The examples in the docstrings of the command line."""

import doctest
import importlib
import pkgutil

import pytest

import compozy.cli

MODULES = [info.name for info in pkgutil.walk_packages(compozy.cli.__path__, "compozy.cli.") if not info.ispkg]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
