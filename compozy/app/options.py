"""What whoever starts the program says, and the settings and project that come of it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from compozy.app.roles import check_addresses
from compozy.config.settings import Mode, Settings
from compozy.domain.definitions import Project
from compozy.domain.errors import Problem
from compozy.engine.loading import read_project

_STATE_DIR: Final = "state_dir"


@attrs.frozen(kw_only=True)
class Options:
    """How to start.

    Attributes:
        path: ``compozy.yaml``, or the folder that holds it.
        flags: Values for settings by their dotted names (``server.port``), above everything else. ``state_dir`` puts
            all that standalone mode keeps into another folder than ``.compozy/`` beside the project file.
        environ: The environment that settings are read from.
        default_mode: The mode when neither the project nor the environment says.
    """

    path: Path = attrs.field(default=Path(), converter=Path)
    flags: Mapping[str, Any] = attrs.Factory(dict)
    environ: Mapping[str, str] = attrs.Factory(lambda: dict(os.environ))
    default_mode: Mode = Mode.DISTRIBUTED


@attrs.frozen(kw_only=True)
class Loaded:
    """A project that can be run.

    Attributes:
        settings: All settings, each with its origin.
        project: The workflows.
        state_dir: Absolute path of the folder for all that standalone mode keeps.
        warnings: What of the project will not do what somebody may expect.
    """

    settings: Settings
    project: Project
    state_dir: Path
    warnings: tuple[Problem, ...] = ()


def load(options: Options) -> Loaded:
    """Read settings and project.

    Raises:
        InvalidError: Something is wrong with them, all of it listed.
    """
    flags = {key: value for key, value in options.flags.items() if key != _STATE_DIR}
    given = options.flags.get(_STATE_DIR)
    if given is not None:
        state_dir = Path(given).absolute()
        flags.setdefault("database.path", str(state_dir / "compozy.db"))
        flags.setdefault("cache.path", str(state_dir / "cache"))
        flags.setdefault("temporal.standalone.database_file", str(state_dir / "temporal.db"))
    read = read_project(options.path, environ=options.environ, flags=flags, default_mode=options.default_mode)
    check_addresses(read.settings)
    if given is None:
        state_dir = read.settings.state_dir
    return Loaded(settings=read.settings, project=read.project, state_dir=state_dir, warnings=read.warnings)
