"""Warnings about modules of a project that have the name of a module that Compozy needs.

The folder of a Python entrypoint is where modules are looked for first, so a ``json.py`` in it is found in the place of
Python's own by whatever imports that for the first time: a library, Compozy itself, a tool in a process of its own.
"""

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from compozy.config.documents import Document
from compozy.config.project_file import RuntimeSection
from compozy.domain.definitions import RuntimeType
from compozy.domain.errors import Problem
from compozy.engine.loading.patterns import is_file
from compozy.engine.loading.runtimes import build_runtime

_OWN: Final = frozenset({"compozy", "supervisors"})
_OF_EXTRA: Final = re.compile(r";.*\bextra\b")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def shadow_warnings(document: Document, section: RuntimeSection | None, folder: Path) -> Iterator[Problem]:
    """Yield the modules beside the entrypoint that take the place of others.

    Args:
        document: The project file.
        section: The section ``runtime`` of it.
        folder: The project's folder.
    """
    if section is None or section.entrypoint is None or build_runtime(section).type is not RuntimeType.PYTHON:
        return
    entrypoint = folder / section.entrypoint
    if not is_file(entrypoint):  # which is told as an error
        return
    for path in _modules_in(entrypoint.parent):
        whose = _whose(path)
        if whose is not None:
            message = f"{path.name!r} beside it has the name of a module {whose}, and may be imported in its place"
            yield document.problem(("runtime", "entrypoint"), message, hint="give it another name")


def _modules_in(folder: Path) -> list[Path]:
    """Return what can be imported from a folder, by name; a folder without ``__init__.py`` takes nobody's place."""
    # glob() finds nothing in a folder that cannot be listed, where iterdir() would raise.
    return sorted(path for path in folder.glob("*") if path.suffix == ".py" or is_file(path / "__init__.py"))


def _whose(path: Path) -> str | None:
    """Return who else has a module of this name; None when nobody has whom Compozy needs."""
    name = path.stem
    if name in sys.stdlib_module_names:
        return "of Python's own library"
    # The folder may be on the path already, so that the module is the one that it seems to replace.
    elsewhere = [entry for entry in sys.path if Path(entry).resolve() != path.parent.resolve()]
    if PathFinder.find_spec(name, elsewhere) is None:
        return None
    if name in _OWN:
        return "of Compozy"
    return "that Compozy uses" if any(_brings(package, name) for package in _needed()) else None


def _needed() -> Iterator[metadata.Distribution]:
    """Yield the installed packages that Compozy depends on, and those that they depend on, at any depth."""
    seen: set[str] = set()
    waiting = ["compozy"]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # for another platform, or Compozy itself is not installed
            continue
        yield package
        # What an extra of another package asks for is there for somebody else; the extras of Compozy are its own.
        asked = (each for each in package.requires or [] if name == "compozy" or not _OF_EXTRA.search(each))
        waiting += [_NAME.findall(each)[0] for each in asked]


def _brings(package: metadata.Distribution, module: str) -> bool:
    """Tell whether a package has installed a module of this name, or a package of modules."""
    installed = (package.read_text("RECORD") or "").splitlines()
    return any(line.startswith((f"{module}/", f"{module}.")) for line in installed)
