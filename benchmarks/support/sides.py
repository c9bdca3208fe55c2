"""Both sides at once, each on a database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.bare_side import BareServer, PlainSdk, open_bare_server, open_plain_sdk
from support.bench import Bench
from support.compozy_side import Compozy, open_compozy
from support.figures import Figure


@asynccontextmanager
async def open_both_sides(bench: Bench, name: str) -> AsyncIterator[tuple[Compozy, BareServer, PlainSdk]]:
    """Start Compozy, a bare dev server and the plain SDK's process on that; yield when all are ready."""
    async with (
        open_compozy(bench.new_project(name), bench.environ) as compozy,
        open_bare_server(bench.new_folder(name), bench.sdk) as server,
        open_plain_sdk(server, bench.environ) as plain,
    ):
        yield compozy, server, plain


async def warm_up(bench: Bench) -> list[Figure]:
    """Start both sides once, so that what Python compiles and the disk's cache are there; nothing is measured."""
    bench.say("warm-up")
    async with open_both_sides(bench, "warm-up"):
        return []
