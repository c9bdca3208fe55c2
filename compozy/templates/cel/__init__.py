"""Expressions: CEL, the Common Expression Language, for what decides; pure.

Conditions, routes and filters of the YAML files are written in it (https://cel.dev)::

    size(input.items) > 3 && tasks["fetch-it"].output.status == "ok"

``check_expression`` finds what is wrong before anything runs, ``expression_references`` tells what an expression reads,
``evaluate_expression`` answers; ``is_true`` is what a condition asks, and takes a template too. From text to result:
``tokens`` and ``reading`` find what a text reads, ``cost`` bounds what it may take, ``library`` alone meets the
implementation, ``complaints`` and ``failures`` put its errors into our words, ``expression`` joins them.
"""

from compozy.templates.cel.conditions import is_true, truth_of, value_of
from compozy.templates.cel.errors import ExpressionError
from compozy.templates.cel.expression import check_expression, evaluate_expression
from compozy.templates.cel.names import VARIABLES
from compozy.templates.cel.reading import expression_references

__all__ = [
    "VARIABLES",
    "ExpressionError",
    "check_expression",
    "evaluate_expression",
    "expression_references",
    "is_true",
    "truth_of",
    "value_of",
]
