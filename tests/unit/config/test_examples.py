"""The examples in the docstrings of the configuration, and of what it is made of."""

import doctest
import importlib
import pkgutil

import pytest

import compozy.config
import compozy.domain

MODULES = [
    info.name
    for package in (compozy.config, compozy.domain)
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
