"""What programs stand on in one run of a job, and what they use of the processors."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
import psutil
from support.compozy_side import copy_project
from support.programs import Program, python_environ


@attrs.frozen(kw_only=True)
class Ground:
    """What the programs of a side are given.

    Attributes:
        project: A copy of the project, never served yet.
        environ: The environment, whole: where the servers are, and that nothing limits how often one may ask.
    """

    project: Path
    environ: Mapping[str, str]


@contextmanager
def on_ground(folder: str, servers: Mapping[str, str]) -> Iterator[Ground]:
    """Yield a project of its own, which is gone in the end.

    Args:
        folder: What outlives the run of a job: modules that Python has compiled.
        servers: Where servers are: ``postgres``, ``redis``, ``temporal``.
    """
    names = {"postgres": "DB_URL", "redis": "REDIS_URL", "temporal": "TEMPORAL_HOST_PORT"}
    with tempfile.TemporaryDirectory(prefix="modes-benchmark-") as home:
        yield Ground(
            project=copy_project(Path(home, "project")),
            environ={
                **python_environ(Path(folder, "compiled")),
                **{names[name]: place for name, place in servers.items()},
                "RATELIMIT_ENABLED": "false",
            },
        )


@attrs.define
class CpuMeter:
    """How much processor time some programs use, all their processes together."""

    programs: Sequence[Program]
    _before: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._before = self._used()

    def lap(self) -> float:
        """Return the seconds used since the last lap."""
        before, self._before = self._before, self._used()
        return self._before - before

    def _used(self) -> float:
        times = [psutil.Process(program.process.pid).cpu_times() for program in self.programs]
        return sum(each.user + each.system for each in times)
