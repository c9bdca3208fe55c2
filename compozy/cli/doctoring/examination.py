"""All that the doctor looks at, in the order in which it is told."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from compozy.cli.doctoring.backends import examine_cache, examine_cluster, examine_database
from compozy.cli.doctoring.configuration import examine_schemas, examine_variables
from compozy.cli.doctoring.findings import Finding
from compozy.cli.doctoring.machine import examine_port, examine_python, examine_temporal
from compozy.cli.doctoring.projects import examine_entrypoint, invalid_project, valid_project
from compozy.cli.doctoring.state_folder import examine_disk, examine_leftovers, examine_lock, examine_permissions
from compozy.cli.project import read
from compozy.config.reading import read_settings
from compozy.config.settings import Mode, Settings
from compozy.domain.errors import InvalidError


def examine(config: Path) -> Iterator[Finding]:
    """Yield what is found: the machine, the project, and the state folder when the project has one.

    A project that is wrong is a finding; what depends on its settings is looked at as far as they can be read.
    """
    yield examine_python(sys.version_info[:3])
    yield from examine_variables(os.environ)
    settings = None
    try:
        loaded = read(config)
    except InvalidError as error:
        yield from invalid_project(error)
        settings = _find_settings(config)
    else:
        settings = loaded.settings
        yield valid_project(loaded.project)
        yield from examine_schemas(settings.root)
        yield from examine_entrypoint(loaded.project)
    if settings is None:
        yield examine_temporal(None)
        return
    yield from _examine_standalone(settings)


def _examine_standalone(settings: Settings) -> Iterator[Finding]:
    """Yield what is found about the parts that the settings choose."""
    if settings.temporal.mode is Mode.STANDALONE:
        yield examine_temporal(settings.temporal.standalone.cli_path)
    else:
        yield examine_cluster(settings.temporal)
    finding, holder = examine_lock(settings.state_dir)
    yield examine_port(settings.server.host, settings.server.port, holder=holder)
    yield from examine_permissions(settings.state_dir)
    yield finding
    yield examine_leftovers(settings.state_dir, is_held=holder is not None)
    yield examine_database(settings.database)
    yield from examine_cache(settings)
    yield examine_disk(settings.state_dir)


def _find_settings(config: Path) -> Settings | None:
    """Return the settings of a project whose workflows may be wrong, or None when they are wrong themselves."""
    try:
        return read_settings(config, environ=os.environ, flags={})
    except InvalidError:
        return None  # its problems were told already, with those of the project
