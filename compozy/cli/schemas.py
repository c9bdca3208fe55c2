"""The schemas of the files, printed or written into a folder."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from compozy.config.json_schemas import PROJECT_SCHEMA, SCHEMAS, WORKFLOW_SCHEMA
from compozy.domain.errors import InvalidError

FOLDER: Final = "schema"
"""Where a project keeps them, as ``compozy init`` writes it."""

_OF: Final = {"project": PROJECT_SCHEMA, "workflow": WORKFLOW_SCHEMA}


def schema_text(which: str) -> str:
    """Return the schema of the ``project`` file, or of a ``workflow`` file, as text."""
    return schema_files()[_OF[which]]


def schema_files() -> dict[str, str]:
    """Return the content of each schema by the name of its file."""
    return {name: f"{json.dumps(make(), indent=2)}\n" for name, make in SCHEMAS.items()}


def write_schemas(folder: Path) -> Iterator[Path]:
    """Write every schema into the folder, which is made when it is missing, and yield the files.

    A file is replaced as a whole, so that an editor that reads it never sees half of one.

    Raises:
        InvalidError: It cannot be written there.
    """
    for name, text in schema_files().items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _replace(folder / name, text)
        except OSError as error:
            raise InvalidError(f"{folder / name} cannot be written: {error.strerror}") from error
        yield folder / name


def outdated_schemas(folder: Path) -> Iterator[Path]:
    """Yield the schemas in the folder that are not those of this program; none when it has no schemas."""
    for name, text in schema_files().items():
        file = folder / name
        if file.is_file() and file.read_text(encoding="utf-8", errors="replace") != text:
            yield file


def _replace(file: Path, text: str) -> None:
    """Write a file under another name and put it in its place."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=file.parent, prefix=f".{file.name}.", delete=False
    ) as stream:
        stream.write(text)
    os.chmod(stream.name, 0o644)  # noqa: PTH101 - for everybody to read, as a file that is not temporary
    os.replace(stream.name, file)  # noqa: PTH105 - a name, not a path
