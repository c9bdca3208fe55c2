"""The tools that every project has: their ids, what they are for, what they take and what they give.

What they do is in ``compozy.drivers.tools.builtins``. Whoever checks a workflow needs the schemas, not the tools.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from compozy.domain.json import JsonObject

PREFIX: Final = "cp__"
"""What their ids begin with; no tool of a project's own may."""

_METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_MOST_ARGUMENTS: Final = 256
_LONGEST_PAGE: Final = 10_000
_LONGEST_MS: Final = 24 * 3600 * 1000


@attrs.frozen
class BuiltinTool:
    """A built-in tool.

    Attributes:
        id: What tasks name.
        description: For people, and for models that choose.
        input: JSON Schema of what it takes; keys that it does not list are refused.
        output: JSON Schema of what it gives.
    """

    id: str
    description: str
    input: JsonObject
    output: JsonObject


def _text(description: str, **more: object) -> JsonObject:
    return {"type": "string", "description": description, **more}


def _flag(description: str, *, default: bool) -> JsonObject:
    return {"type": "boolean", "description": description, "default": default}


def _number(description: str, **more: object) -> JsonObject:
    return {"type": "integer", "description": description, **more}


def _given(*required: str, **properties: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _result(**properties: JsonObject) -> JsonObject:
    """Return the schema of an output that has all of these keys."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _optional(schema: JsonObject, **properties: JsonObject) -> JsonObject:
    return {**schema, "properties": {**schema["properties"], **properties}}


def _list(items: JsonObject) -> JsonObject:
    return {"type": "array", "items": items}


_PATH: Final = _text("Path of a file, relative to the root.", minLength=1)
_FOLDER: Final = _text("Path of a directory, relative to the root; '.' is the root itself.", minLength=1)
_MODIFIED: Final = _text("When it was last changed.", format="date-time")
_METADATA: Final = _result(
    path=_text("Relative to the root."),
    size=_number("In bytes."),
    mode=_number("POSIX permissions, such as 420 for 0644."),
    modified=_MODIFIED,
)
_ENTRY: Final = _result(
    name=_text("Its name."),
    path=_text("Relative to the root."),
    type={"enum": ["file", "dir"]},
    size=_number("In bytes; 0 for a directory."),
    modified=_MODIFIED,
)
_MATCH: Final = _result(
    file=_text("Relative to the root."),
    line=_number("From 1."),
    column=_number("From 1, in characters."),
    text=_text("The line without blanks at its ends, at most 500 characters."),
)
_STRINGS: Final = {"type": "object", "additionalProperties": {"type": "string"}}

_TOOLS: Final = (
    BuiltinTool(
        "cp__read_file",
        "Read a text file in UTF-8.",
        _given("path", path=_PATH),
        _result(content=_text("The whole text."), metadata=_METADATA),
    ),
    BuiltinTool(
        "cp__write_file",
        "Write a text file; it and the directories on the way to it are made when they are not there.",
        _given(
            "path",
            "content",
            path=_PATH,
            content=_text("The text."),
            append=_flag("Add to the end instead of replacing all.", default=False),
            mode=_number("POSIX permissions; by default those that it has, or 0644.", minimum=0, maximum=0o777),
        ),
        _result(success={"const": True}, metadata=_METADATA),
    ),
    BuiltinTool(
        "cp__delete_file",
        "Delete a file.",
        _given("path", path=_PATH),
        _result(success={"const": True}, path=_text("Relative to the root.")),
    ),
    BuiltinTool(
        "cp__list_dir",
        "List what is in a directory, page by page.",
        _given(
            "path",
            path=_FOLDER,
            pattern=_text("Glob that paths relative to the directory must match: **/*.md"),
            recursive=_flag("Go down.", default=False),
            include_files=_flag("List files.", default=True),
            include_dirs=_flag("List directories.", default=True),
            page_size=_number("Entries on a page.", minimum=1, maximum=_LONGEST_PAGE, default=200),
            page_token=_text("The next_page_token of the page before.", pattern="^[0-9]{0,9}$"),
        ),
        _optional(_result(entries=_list(_ENTRY)), next_page_token=_text("There when there are more.")),
    ),
    BuiltinTool(
        "cp__list_files",
        "List the paths of the files in a directory, relative to it.",
        _given(
            "dir",
            dir=_FOLDER,
            recursive=_flag("Go down.", default=False),
            exclude={
                "description": "Globs of what to leave out; !glob takes back.",
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": 100}],
            },
        ),
        _result(files=_list(_text("Relative to the directory."))),
    ),
    BuiltinTool(
        "cp__grep",
        "Search text files for a regular expression.",
        _given(
            "pattern",
            "path",
            pattern=_text("Regular expression of RE2, for one line.", minLength=1, maxLength=4096),
            path=_text("Path of a file or a directory, relative to the root.", minLength=1),
            recursive=_flag("Go down.", default=False),
            ignore_case=_flag("Let case not count.", default=False),
            max_results=_number("Matches at most.", minimum=1, default=1000),
            max_files_visited=_number("Entries that may be looked at.", minimum=1),
            max_file_bytes=_number("Files larger than this are skipped.", minimum=1, default=1024 * 1024),
        ),
        _result(
            matches=_list(_MATCH),
            truncated={"type": "boolean", "description": "Whether there are more matches."},
            files_searched=_number("How many were read."),
            files_skipped=_number("How many were binary, too large or not readable."),
        ),
    ),
    BuiltinTool(
        "cp__exec",
        "Run an allowed command, without a shell.",
        _given(
            "command",
            command=_text("Name or absolute path of an allowed command.", minLength=1),
            args={**_list({"type": "string"}), "description": "Arguments.", "maxItems": _MOST_ARGUMENTS},
            working_dir=_FOLDER,
            timeout_ms=_number(
                "Milliseconds it may take; can only shorten what is allowed.", minimum=1, maximum=_LONGEST_MS
            ),
            env={**_STRINGS, "description": "Environment variables, A-Z, 0-9 and _.", "maxProperties": 64},
        ),
        _result(
            stdout=_text("What it wrote to standard output."),
            stderr=_text("What it wrote to standard error."),
            exit_code=_number("0 when it went well; negative for the signal that ended it."),
            success={"type": "boolean", "description": "Whether exit_code is 0."},
            duration_ms=_number("Milliseconds that it took."),
            stdout_truncated={"type": "boolean"},
            stderr_truncated={"type": "boolean"},
        ),
    ),
    BuiltinTool(
        "cp__fetch",
        "Make an HTTP request.",
        _given(
            "url",
            url=_text("Of http or https.", minLength=1),
            method={"enum": [*_METHODS, *(method.lower() for method in _METHODS)], "default": "GET"},
            headers={**_STRINGS, "description": "Headers.", "maxProperties": 64},
            body={"description": "Text is sent as it is, anything else as JSON."},
            timeout_ms=_number(
                "Milliseconds it may take; can only shorten what is allowed.", minimum=1, maximum=_LONGEST_MS
            ),
        ),
        _optional(
            _result(
                url=_text("What answered, after redirects."),
                status_code=_number("HTTP status; any is a result."),
                status_text=_text("What the server calls it."),
                headers={**_STRINGS, "description": "By name in lower case."},
                body=_text("The answer as text."),
                body_truncated={"type": "boolean"},
                duration_ms=_number("Milliseconds that it took."),
            ),
            json={"description": "The answer as a value, when its type says JSON and it is."},
        ),
    ),
)

BUILTINS: Final[Mapping[str, BuiltinTool]] = MappingProxyType({tool.id: tool for tool in _TOOLS})
"""Every built-in tool by its id."""
