"""The library's names of types and operators, and ours."""

import re
from typing import Final

_KINDS: Final = {
    "bool": "a boolean",
    "int": "an integer",
    "int64": "an integer",
    "uint": "an unsigned integer",
    "uint64": "an unsigned integer",
    "double": "a float",
    "string": "a text",
    "bytes": "bytes",
    "list": "a list",
    "map": "an object",
    "null": "null",
    "null_type": "null",
    "timestamp": "a timestamp",
    "google.protobuf.timestamp": "a timestamp",
    "duration": "a duration",
    "google.protobuf.duration": "a duration",
    "type": "a type",
    "dyn": "anything",
}
_LOGIC: Final = frozenset({"_&&_", "_||_", "!_", "@not_strictly_false"})


def described(kind: str) -> str:
    """Return what a type of the library is to a reader, with its article: ``LIST<DYN>`` is ``a list``."""
    plain = re.split(r"[(<]", kind.strip().lower())[0]
    return _KINDS.get(plain, f"a {plain}" if plain else "nothing")


def operator(function: str) -> str:
    """Return an operator as it is written: ``_+_`` is ``+``."""
    if function == "_?_:_":
        return "? :"
    if function == "_[_]":
        return "[ ]"
    return function.strip("_@") or function


def wants_boolean(function: str) -> bool:
    """Tell whether an operator works on true and false only."""
    return function in _LOGIC or function == "<jump_condition>"
