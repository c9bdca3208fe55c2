"""Writes to a durable cache until it is killed, each time it is told to: started by test_crashes.

    python crashing.py FOLDER FSYNC

For each line on standard input a child is forked, which opens the folder, says what it finds, and then says after each
write that it is done. Forking takes milliseconds; to start Python anew would take most of the time of the test.
"""

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import trio

from compozy.drivers import sugardb

WRITERS = 3
KEPT = 5


def say(kind, **facts):
    os.write(1, json.dumps({"kind": kind, "time": time.monotonic(), **facts}).encode() + b"\n")


async def write(db, writer, pause):
    while True:
        await trio.sleep(pause)
        say("count", writer=writer, value=await db.kv.increment(f"count {writer}"))
        found = await db.conversations.append_trim(
            f"talk {writer}", [str(time.monotonic())], token_delta=1, max_length=KEPT
        )
        say("talk", writer=writer, value=found.tokens)


async def main(folder, fsync):
    # With `always` the disk sets the pace, and rewriting gets its share of the kills. Otherwise writers that never rest
    # would keep a busy machine from what is measured: how late the log is.
    rewrite_bytes, pause = (1500, 0) if fsync == "always" else (1 << 20, 0.002)
    async with sugardb.open_cache(folder=Path(folder), fsync=fsync, rewrite_bytes=rewrite_bytes) as db:
        for writer in range(WRITERS):
            (count,) = await db.kv.get_many(f"count {writer}")
            messages, found = await db.conversations.read(f"talk {writer}")
            say("found", writer=writer, count=int(count or 0), talk=found.tokens, messages=len(messages))
        say("ready", fence=(await db.locks.acquire("door", timedelta(seconds=1))).fence)
        async with trio.open_nursery() as nursery:
            for writer in range(WRITERS):
                nursery.start_soon(write, db, writer, pause)


if __name__ == "__main__":
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            trio.run(main, *sys.argv[1:])
        say("forked", pid=child)
        _, status = os.waitpid(child, 0)
        say("ended", status=status)
