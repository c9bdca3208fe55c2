"""supervisor: a program that keeps processes running."""

from importlib.util import find_spec

from support.comparison.job import Job, Samples

from sides.daemons import running
from sides.processes import measure_replacements_by_others, open_pids, write_script

if find_spec("supervisor") is None:
    raise ModuleNotFoundError("No module named 'supervisor'")

_CONFIG = """
[supervisord]
nodaemon = true
logfile = {folder}/log
pidfile = {folder}/pid
childlogdir = {folder}

[program:fragile]
command = {program}
autorestart = true
startsecs = 0
"""


def process(count: int) -> Samples:
    """Kill the process of a program that counts as running at once."""
    with open_pids() as pids:
        folder = pids.folder
        config = folder / "supervisord.conf"
        config.write_text(_CONFIG.format(folder=folder, program=write_script(folder)))
        with running("supervisor.supervisord", "-c", str(config)):
            return measure_replacements_by_others(count, pids)


JOBS: dict[str, Job] = {"process": process}
