"""circus: a program that keeps processes running. It looks after them every so often: 5 s unless told otherwise."""

from importlib.util import find_spec

from support.comparison.job import Job, Samples

from sides.daemons import running
from sides.processes import measure_replacements_by_others, open_pids, write_script

if find_spec("circus") is None:
    raise ModuleNotFoundError("No module named 'circus'")

_CONFIG = """
[circus]
check_delay = {check_delay}
endpoint = ipc://{folder}/endpoint
pubsub_endpoint = ipc://{folder}/pubsub

[watcher:fragile]
cmd = {program}
copy_env = true
max_retry = -1
"""


def process(count: int, check_delay: float) -> Samples:
    """Kill the process of a watcher."""
    with open_pids() as pids:
        folder = pids.folder
        config = folder / "circus.ini"
        config.write_text(_CONFIG.format(check_delay=check_delay, folder=folder, program=write_script(folder)))
        with running("circus.circusd", str(config)):
            return measure_replacements_by_others(count, pids)


JOBS: dict[str, Job] = {"process": process}
