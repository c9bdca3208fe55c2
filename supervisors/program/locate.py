"""Finds the tree that a command line names: ``module:tree``, as `Tree` or as a function that returns one."""

import difflib
import importlib
import inspect
import pkgutil
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from supervisors.errors import SupervisorError
from supervisors.tree import Tree


class TargetError(SupervisorError):
    """There is no tree under this name; says where to look."""


def find_tree(target: str) -> Tree:
    """Return the tree that is meant, importing its module.

    Args:
        target: ``package.module:attribute``, looked for in the current directory first. The module can be given as the
            path of its file too. The attribute, which may have dots, is a tree or a function that returns one.

    Raises:
        TargetError: There is no such module or attribute, importing it fails, or it is no tree.
    """
    module_name, colon, attribute = target.rpartition(":")
    if not colon or not module_name or not attribute:
        example = target.strip(":") or "app"
        raise TargetError(f"{target!r} does not name a tree; write module:tree, for instance {example}:tree")
    module = _import(_prepare_path(module_name))
    return _as_tree(_look_up(module, attribute), target)


def _prepare_path(module: str) -> str:
    # Where Python finds the module, and under which name.
    root, name = Path.cwd(), module
    if module.endswith(".py"):
        path = Path(module).resolve()
        if not path.is_file():
            raise TargetError(f"there is no file {module}; the current directory is {Path.cwd()}")
        root, parts = path.parent, [path.stem]
        while (root / "__init__.py").is_file():
            parts.insert(0, root.name)
            root = root.parent
        name = ".".join(parts)
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return name


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            here = [module.name for module in pkgutil.iter_modules([str(Path.cwd())])]
            raise TargetError(
                f"there is no module {missing!r} in {Path.cwd()} or on Python's path{_nearest(missing, here)}"
            ) from None
        raise TargetError(_blame(name, error)) from None
    except SystemExit as error:
        raise TargetError(
            f"{name} ended the program (status {error.code}) while it was imported; "
            f'put what runs it below if __name__ == "__main__":'
        ) from None
    except Exception as error:  # noqa: BLE001 - a module may raise anything; its traceback is shown
        raise TargetError(_blame(name, error)) from None


def _blame(name: str, error: BaseException) -> str:
    # Only the frames of the module and of what it imports: ours and those of the import system say nothing about it.
    shown = traceback.TracebackException.from_exception(error)
    own = [frame for frame in shown.stack if "importlib" not in frame.filename and frame.filename != __file__]
    shown.stack = traceback.StackSummary.from_list(own)
    return f"{name} cannot be imported\n{''.join(shown.format()).rstrip()}"


def _look_up(module: ModuleType, attribute: str) -> object:
    found: object = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            trees = [name for name, value in vars(module).items() if isinstance(value, Tree)]
            names = [name for name in dir(found) if not name.startswith("_")]
            listed = f"; its trees are {', '.join(trees)}" if trees else "; it has no tree"
            raise TargetError(f"{_name_of(found)} has no {part!r}{_nearest(part, names)}{listed}")
        found = getattr(found, part)
    return found


def _as_tree(found: object, target: str) -> Tree:
    if isinstance(found, Tree):
        return found
    if inspect.iscoroutinefunction(found):
        raise TargetError(f"{target} is an async function; a tree is declared by a plain one, and opened later")
    if not callable(found):
        raise TargetError(f"{target} is {_article(found)}, not a Tree or a function that returns one")
    required = [parameter.name for parameter in inspect.signature(found).parameters.values() if _is_required(parameter)]
    if required:
        raise TargetError(f"{target} has parameters without a default: {', '.join(required)}; give them one")
    made = found()
    if not isinstance(made, Tree):
        raise TargetError(f"{target}() returned {_article(made)}, not a Tree")
    return made


def _is_required(parameter: inspect.Parameter) -> bool:
    is_collecting = parameter.kind in {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    return parameter.default is inspect.Parameter.empty and not is_collecting


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _article(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def _name_of(value: object) -> str:
    return str(getattr(value, "__name__", type(value).__name__))
