"""The worker process of Python tools: a program of its own, which is run by its path.

It imports nothing of ours before it was told where to look for modules: what the program that starts it can import, it
can import too, however that was started. Its standard input and the pipe for replies become descriptors that no tool
and no program that a tool starts has; what they read is empty, and what they write is taken for prints.
"""

import faulthandler
import io
import json
import os
import sys
from typing import BinaryIO


def main() -> None:
    """Answer requests until there are no more."""
    faulthandler.enable()  # what a crash in C code says then comes with the error
    requests = _take_input()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    first = json.loads(requests.readline())
    sys.path[:] = first["sys_path"]
    os.set_inheritable(first["reply_fd"], False)  # noqa: FBT003 - the only way to call it
    with os.fdopen(first["reply_fd"], "wb") as replies:
        _serve(first, requests, replies)


def _take_input() -> BinaryIO:
    """Return the requests; whoever reads standard input from now on finds it empty."""
    own = os.dup(0)  # not inherited
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return os.fdopen(own, "rb")


def _serve(first: dict[str, object], requests: BinaryIO, replies: BinaryIO) -> None:
    from compozy.drivers.tools.python_desk import open_desk, reply_line  # noqa: PLC0415 - found only now

    token = str(first["token"]).encode()
    desk, reply = open_desk(first)
    while True:
        sys.stdout.flush()
        sys.stderr.flush()
        replies.write(token + reply_line(reply))
        replies.flush()
        line = requests.readline()
        if desk is None or not line:
            return
        reply = desk.answer(json.loads(line))


if __name__ == "__main__":
    main()
