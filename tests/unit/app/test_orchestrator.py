"""Handing executions over: refused while there is nobody to take them, with the reason."""

import pytest
import trio

from compozy.app.executions import current_orchestrator
from compozy.domain.definitions import Project
from compozy.domain.errors import UnavailableError
from supervisors import FOREVER, Tree

PROJECT = Project(name="shop", root="/nowhere")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ("UnavailableError: temporal at db:7233 does not answer", "temporal at db:7233 does not answer"),
        ("no answer within 5 s", "temporal: no answer within 5 s"),
    ],
)
async def test_a_cluster_that_is_known_to_be_away_is_not_asked(found, told):
    tree = Tree("test")
    contexts = []

    @tree.actor
    async def temporal(ctx):
        contexts.append(ctx)
        ctx.started("a connection")
        await ctx.stopping.wait()

    async with tree.open() as live:
        contexts[0].report_health(found, fails=FOREVER)

        with pytest.raises(UnavailableError, match=f"cannot be started or told anything now: {told}$"):
            current_orchestrator(live, PROJECT)


async def test_a_server_that_starts_again_is_waited_for_by_whoever_asks():
    tree = Tree("test")

    @tree.actor(gives_up="ignore")
    async def temporal(_ctx):
        await trio.sleep_forever()

    async with tree.open() as live:
        with pytest.raises(UnavailableError, match="told anything now: 'temporal' is not available"):
            current_orchestrator(live, PROJECT)


async def test_a_process_without_temporal_starts_nothing():
    async with Tree("test").open() as live:
        with pytest.raises(UnavailableError, match="no connection to temporal"):
            current_orchestrator(live, PROJECT)
