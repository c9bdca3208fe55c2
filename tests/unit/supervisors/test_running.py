"""A tree as a whole program, without leaving this process."""

import signal

import pytest
import trio

from supervisors import Ending, SupervisorError, Tree, TreeError, constant, run, serve
from supervisors.program.signals import ECHO


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (Ending(), 0),
        (Ending(result=3), 3),
        (Ending(result="text"), 0),
        (Ending(signals=(signal.SIGTERM,)), 0),
        (Ending(result=3, signals=(signal.SIGTERM,)), 0),
        (Ending(signals=(signal.SIGINT, signal.SIGTERM)), 128 + 15),
    ],
)
def test_exit_code_of_an_ending(ending, code):
    assert ending.exit_code == code


def test_result_of_the_main_actor_is_the_exit_status():
    tree = Tree("t")
    tree.add(constant(40), name="db")

    @tree.actor(needs=("db",), main=True)
    async def job(ctx, db):
        return db + 2

    assert run(tree) == 42


def test_tree_that_fails_is_reported_on_standard_error(capsys):
    tree = Tree("shop")

    @tree.actor
    async def broken(ctx):
        raise ValueError("bad setting")

    assert run(tree) == 1
    assert capsys.readouterr().err.startswith("tree 'shop' failed because of broken\n  - ValueError: bad setting\n")


def test_signal_ends_the_tree_gracefully_and_its_handler_is_gone_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    tree = Tree("t")

    @tree.actor
    async def sender(ctx):
        ctx.started()
        signal.raise_signal(signal.SIGTERM)
        await ctx.stopping.wait()

    assert run(tree) == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_second_signal_hurries():
    tree = Tree("t")

    @tree.actor
    async def deaf(ctx):
        ctx.started()
        signal.raise_signal(signal.SIGTERM)
        await ctx.stopping.wait()
        await trio.sleep(ECHO * 1.5)
        signal.raise_signal(signal.SIGINT)
        await trio.sleep_forever()

    assert run(tree) == 128 + signal.SIGINT


def test_signal_that_is_delivered_twice_is_one_request():
    tree = Tree("t")
    finished = []

    @tree.actor
    async def careful(ctx):
        ctx.started()
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        await ctx.stopping.wait()
        await trio.lowlevel.checkpoint()
        finished.append(ctx.name)

    assert run(tree) == 0
    assert finished == ["careful"]


def test_wrong_declaration_is_raised_before_anything_starts():
    tree = Tree("t")
    tree.add(constant(1), name="a", needs=("b",))

    with pytest.raises(TreeError, match="'a' depends on 'b'"):
        run(tree)


async def test_signals_cannot_be_served_outside_the_main_thread():
    tree = Tree("t")
    tree.add(constant(1), name="a")

    with pytest.raises(SupervisorError, match="in the main thread only"):
        await trio.to_thread.run_sync(trio.run, serve, tree)
