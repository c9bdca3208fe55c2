"""Files of YAML to documents: what is read at all, and what syntax errors say."""

from pathlib import Path
from typing import Final

import yaml
from yaml.reader import ReaderError

from compozy.config.documents import Document
from compozy.config.yaml_building import TEMPLATE_HINT, DocumentBuilder
from compozy.domain.errors import InvalidError, Problem

MAX_BYTES: Final = 1024 * 1024
"""Largest file that is read: a hundred times any project file seen, and parsed in under a second."""


def read_yaml(path: Path, *, shown_as: str) -> Document:
    """Read a file and parse it.

    Args:
        path: The file.
        shown_as: What problems call it.

    Raises:
        InvalidError: It cannot be read, or :func:`parse_yaml` refuses it.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidError(Problem(message=f"the file is larger than {MAX_BYTES} bytes", file=shown_as))
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InvalidError(Problem(message=f"cannot be read: {reason.lower()}", file=shown_as)) from error
    return parse_yaml(content, file=shown_as)


def parse_yaml(content: bytes, *, file: str) -> Document:
    """Parse the content of a file that holds one mapping.

    Args:
        content: UTF-8 text, with or without a byte order mark.
        file: What problems call it.

    Raises:
        InvalidError: With problems at their lines: not UTF-8, not YAML, empty, more than one document, not a mapping,
            keys given twice or that are no text, unknown aliases or tags, numbers that JSON cannot carry, or beyond
            the limits.
    """
    if len(content) > MAX_BYTES:
        raise InvalidError(Problem(message=f"the file is larger than {MAX_BYTES} bytes", file=file))
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = "save the file as UTF-8"
        raise InvalidError(Problem(message="not UTF-8 text", file=file, line=line, hint=hint)) from error
    builder = DocumentBuilder(file=file, events=yaml.parse(content, Loader=yaml.CSafeLoader))
    try:
        return builder.document()
    except yaml.YAMLError as error:
        last = _syntax_problem(error, content, file)
        # What was passed over in the same line is most likely the same mistake.
        before = [problem for problem in builder.problems if problem.line != last.line]
        raise InvalidError([*before, last]) from error


def _syntax_problem(error: yaml.YAMLError, content: bytes, file: str) -> Problem:
    """Return what libyaml reports as a problem with a place and a way out."""
    if isinstance(error, ReaderError):
        line = content.count(b"\n", 0, error.position) + 1
        return Problem(message=f"not valid YAML: {error.reason}", file=file, line=line, hint="remove the character")
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(message=f"not valid YAML: {error}", file=file)
    message = f"not valid YAML: {error.problem}"
    marked_line = error.problem_mark.line + 1 if error.problem_mark else None
    context_line = error.context_mark.line + 1 if error.context_mark else marked_line
    if context_line != marked_line:
        message += f" {error.context} that begins in line {context_line}"
    return Problem(message=message, file=file, line=marked_line, hint=_syntax_hint(error, content))


def _syntax_hint(error: yaml.MarkedYAMLError, content: bytes) -> str | None:
    """Return the way out of the mistakes that people make most."""
    lines = content.decode("utf-8", "replace").splitlines()
    line = lines[error.problem_mark.line] if error.problem_mark and error.problem_mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, not tabs"
    if "{{" in line:
        return TEMPLATE_HINT
    if error.problem and error.problem.startswith("mapping values are not allowed"):
        return 'quote a value that contains ": "'
    return None
