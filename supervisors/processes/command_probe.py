"""Asks with a command whether a child process can be used."""

import math
from collections.abc import Mapping, Sequence
from os import PathLike

import trio

from supervisors.errors import ProbeError
from supervisors.processes.output import Output
from supervisors.processes.probes import Child, Polling


def command(
    argv: Sequence[str | PathLike[str]],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | PathLike[str] | None = None,
    successes: int = 1,
    every: float | None = None,
    timeout: float = 10.0,
) -> Polling:
    """Return a probe that runs a command until it exits with 0: what Kubernetes calls an exec probe.

    For a server that comes with a client: ``command(["pg_isready", "--port", str(port)])``. The value of the probe is
    what the command wrote, at most 16 KiB, without the white space around it. The command runs in a process group of
    its own that is killed when an attempt takes too long or is cancelled.

    Args:
        argv: The command; no shell is involved.
        env: Its whole environment; None: that of this program.
        cwd: Its working directory; None: that of this program.
        successes: Exits with 0 in a row until the child is ready.
        every: Seconds between attempts; None: often.
        timeout: Seconds for one attempt.

    Raises:
        ValueError: The command is empty.
    """
    parts = tuple(map(str, argv))
    if not parts:
        raise ValueError("the command of a probe is empty; give the program and its arguments")
    name = f"command {parts[0]!r}"

    async def exits_with_zero(child: Child) -> str:
        output = Output()
        try:
            with trio.fail_after(timeout):
                status = await child.run(parts, output, env=env, cwd=cwd)
        except trio.TooSlowError:
            raise ProbeError(f"{name} did not end within {timeout:g} s; {output.last_words()}") from None
        except OSError:
            raise
        except BaseException:  # cancelled, and out of a nursery that may well mean a group of such exceptions
            child.why_not_ready = child.why_not_ready or f"{name} was still running; {output.last_words()}"
            raise
        if status != 0:
            raise ProbeError(f"{name} {describe_exit(status)}; {output.last_words()}")
        return output.tail().strip()

    # The timeout is kept in here, where what the command has written until then is at hand.
    return Polling(what=name, ask=exits_with_zero, successes=successes, every=every, timeout=math.inf)


def describe_exit(status: int) -> str:
    """Return how a process ended, as the end of a sentence about it."""
    return f"was killed by signal {-status}" if status < 0 else f"exited with status {status}"
