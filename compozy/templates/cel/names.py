"""The names that mean something in an expression: variables, words of the language, macros, functions we refuse."""

from typing import Final

VARIABLES: Final = frozenset(
    {
        "env",
        "headers",
        "index",
        "input",
        "item",
        "output",
        "parent",
        "payload",
        "processor",
        "project",
        "query",
        "signal",
        "task",
        "tasks",
        "trigger",
        "with",
        "workflow",
    }
)
"""What every expression may name; the loop names of collections come on top."""

WORDS: Final = frozenset({"false", "in", "null", "true"})

TYPES: Final = frozenset(
    {
        "bool",
        "bytes",
        "double",
        "duration",
        "dyn",
        "int",
        "list",
        "map",
        "null_type",
        "string",
        "timestamp",
        "type",
        "uint",
    }
)

NAMESPACES: Final = frozenset({"math"})

RESERVED: Final = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"),
        *("namespace", "package", "return", "var", "void", "while"),
    }
)
"""Words that the language keeps for itself, so that no variable can be called so."""

MACROS: Final = frozenset({"all", "exists", "exists_one", "filter", "map"})

BUILDERS: Final = frozenset({"filter", "map"})
"""The macros that build a list; the library does so anew for each item."""

REFUSED: Final = {
    "format": "build texts in a template",
    "join": 'build texts in a template: {{ join ", " .items }}',
    "quote": "build texts in a template: {{ quote .value }}",
    "replace": 'build texts in a template: {{ replace "a" "b" .value }}',
}
"""Functions that make a text of any size from small ones, and where to do what they do."""
