"""An actor that never gives up: it comes as soon as what it waits for is there, however long that takes."""

from supervisors import FOREVER, Backoff, State, Tree


async def test_an_actor_without_a_limit_is_tried_until_it_starts():
    tree = Tree("patient", retry_boot=True)

    @tree.actor(retries=FOREVER, backoff=Backoff(0, 0))
    async def store(ctx):
        if ctx.generation < 50:
            raise ConnectionError("nobody listens")
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        said = [event.reason.detail for event in live.events() if event.to_state is State.BACKOFF]

    assert len(said) == 49
    assert said[-1].startswith("attempt 49 in 0 s, after ")
