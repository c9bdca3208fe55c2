"""Documents from text, for the tests of what is made of them."""

import textwrap

import pytest

from compozy.config.yaml_files import parse_yaml


@pytest.fixture
def document_of():
    """Return a function that parses indented text as the file ``test.yaml``."""

    def parse(text):
        return parse_yaml(textwrap.dedent(text).encode(), file="test.yaml")

    return parse
