"""Child processes as actors: readiness, stop, crash, output; nothing is left behind."""

import socket
import sys

import psutil
import pytest
import trio

from supervisors import ChildExitError, StartTimeoutError, State, Tree, TreeFailed, log_line, tcp

pytestmark = pytest.mark.slow

SLEEP = "import time\ntime.sleep(600)"
IGNORE_TERM = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(600)"
)
LISTEN = """
import socket, time
server = socket.create_server(("127.0.0.1", {port}))
time.sleep(600)
"""
GRANDCHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("grandchild", child.pid, flush=True)
{then}
"""


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


@pytest.fixture
def tree_of():
    """Return a factory of trees with one actor, which is a child process."""

    def make(source: str, *, options=None, **process) -> Tree:
        tree = Tree("t", shutdown=10)

        async def child(ctx):
            await ctx.process(python(source), **process)

        tree.add(child, **(options or {}))
        return tree

    return make


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_value_is_what_the_probe_found_in_a_line(tree_of):
    async with tree_of(f"print('listening on 4321', flush=True)\n{SLEEP}", ready=log_line(r"on (\d+)")).open() as live:
        assert live["child"].get() == "4321"


async def test_given_value_wins_over_the_probe(tree_of):
    tree = tree_of(f"print('ready', flush=True)\n{SLEEP}", ready=log_line("ready"), value="http://here")

    async with tree.open() as live:
        assert live["child"].get() == "http://here"


async def test_tcp_probe_waits_until_the_port_answers(tree_of, free_port):
    async with tree_of(LISTEN.format(port=free_port), ready=tcp(free_port)).open() as live:
        assert live["child"].get() == ("127.0.0.1", free_port)
        stream = await trio.open_tcp_stream("127.0.0.1", free_port)
        await stream.aclose()


async def test_tcp_probe_does_not_take_a_stranger_for_the_child(tree_of, free_port):
    tree = tree_of(SLEEP, ready=tcp(free_port), options={"start_timeout": 0.5})

    with socket.create_server(("127.0.0.1", free_port)), pytest.raises(TreeFailed) as caught:
        async with tree.open():
            raise AssertionError("the stranger was taken for the child")

    assert isinstance(caught.value.exceptions[0], StartTimeoutError)


async def test_child_that_ends_by_itself_is_a_failure_with_status_and_tail(tree_of):
    source = "import sys\nprint('ready', flush=True)\nprint('disk is full', file=sys.stderr, flush=True)\nsys.exit(7)"
    tree = tree_of(source, ready=log_line("disk"), options={"retries": 0})

    with pytest.raises(TreeFailed) as caught:
        async with tree.open() as live:
            await live.wait_stopped()

    (error,) = caught.value.exceptions
    assert isinstance(error, ChildExitError)
    assert error.returncode == 7
    assert "exited with status 7" in str(error)
    assert "disk is full" in error.tail
    assert any("disk is full" in note for note in error.__notes__)


async def test_child_that_dies_before_it_is_ready_is_a_start_failure_that_carries_the_tail(tree_of):
    tree = tree_of("raise SystemExit('address already in use')", ready=log_line("never"))

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            pass

    (error,) = caught.value.exceptions
    assert "exited with status 1 before it was ready" in str(error)
    assert error.tail == "address already in use"


async def test_child_that_was_killed_is_restarted(tree_of):
    tree = tree_of(f"import os\nprint('pid', os.getpid(), flush=True)\n{SLEEP}", ready=log_line(r"pid (\d+)"))

    crashed = trio.Event()

    def watch(event):
        if event.to_state is State.FAILED:
            crashed.set()

    async with tree.open(on_event=watch) as live:
        first = live["child"].get()
        psutil.Process(int(first)).kill()
        await crashed.wait()
        second = await live["child"].ready()
        history = [str(e.reason) for e in live.events() if e.to_state is State.FAILED]

    assert first != second
    assert "was killed by signal 9" in history[0]


async def test_command_that_does_not_exist_is_a_start_failure():
    tree = Tree("t")

    @tree.actor
    async def child(ctx):
        await ctx.process(["/does/not/exist"])

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            pass

    assert isinstance(caught.value.exceptions[0], FileNotFoundError)


async def test_child_gets_term_and_may_clean_up(tree_of, tmp_path):
    source = f"""
import signal, sys, pathlib
def bye(*_):
    pathlib.Path({str(tmp_path / "bye")!r}).write_text("clean")
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print("ready", flush=True)
signal.pause()
"""
    async with tree_of(source, ready=log_line("ready")).open():
        pass

    assert (tmp_path / "bye").read_text() == "clean"


async def test_child_whose_start_is_cancelled_may_clean_up_too(tree_of, tmp_path):
    source = f"""
import signal, sys, pathlib
def bye(*_):
    pathlib.Path({str(tmp_path / "bye")!r}).write_text("clean")
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print("armed", flush=True)
signal.pause()
"""
    with trio.CancelScope() as scope:
        async with tree_of(source, ready=log_line("never"), on_line=lambda _: scope.cancel()).open():
            raise AssertionError("never ready")

    assert scope.cancelled_caught
    assert (tmp_path / "bye").read_text() == "clean"


async def test_child_that_ignores_term_is_killed_after_its_grace(tree_of):
    tree = tree_of(IGNORE_TERM, ready=log_line("ready"), grace=0.2)

    before = trio.current_time()
    async with tree.open() as live:
        pid = await find_child()
    took = trio.current_time() - before

    assert not psutil.pid_exists(pid)
    assert took < 5
    assert live.events()[-1].from_state is State.STOPPING


async def find_child() -> int:
    """Return the process id of the one Python child of this process."""
    (child,) = [p for p in psutil.Process().children() if p.cmdline() and p.cmdline()[0] == sys.executable]
    return child.pid


async def test_child_that_ignores_term_is_killed_when_the_grace_of_its_actor_is_over(tree_of):
    tree = tree_of(IGNORE_TERM, ready=log_line("ready"), options={"grace": 0.2})

    async with tree.open() as live:
        pid = await find_child()

    assert not psutil.pid_exists(pid)
    assert [e.to_state for e in live.events()][-2:] == [State.CANCELLING, State.STOPPED]


@pytest.mark.parametrize("then", ["time.sleep(600)", "sys.exit(0)"], ids=["stopped", "child ended"])
async def test_grandchildren_go_with_the_child(tree_of, then, wait_gone):
    found = []
    tree = tree_of(GRANDCHILD.format(then=then), ready=log_line(r"grandchild (\d+)"), options={"retries": 0})

    try:
        async with tree.open() as live:
            found.append(psutil.Process(int(live["child"].get())))
            if "exit" in then:
                await live.wait_stopped()
    except* ChildExitError:
        pass

    assert await wait_gone(found)


async def test_flood_on_standard_error_neither_blocks_the_child_nor_grows(tree_of):
    source = f"""
import sys
for _ in range(400):
    sys.stderr.write("x" * 99 + "\\n" + "y" * 9_000)
print("\\ndone", flush=True)
{SLEEP}
"""
    count = []
    tree = tree_of(source, ready=log_line("^done$"), on_line=lambda line: count.append(len(line)))

    async with tree.open():
        assert sum(count) > 400 * 9_000


async def test_child_gets_its_own_environment_and_folder(tree_of, tmp_path):
    tree = tree_of(
        f"import os\nprint(os.environ.get('COLOR'), 'HOME' in os.environ, os.getcwd(), flush=True)\n{SLEEP}",
        ready=log_line(".+"),
        env={"COLOR": "blue"},
        cwd=tmp_path,
    )

    async with tree.open() as live:
        assert live["child"].get() == f"blue False {tmp_path}"


async def test_child_inherits_only_the_descriptors_that_it_is_given(tree_of, tmp_path):
    with (tmp_path / "given").open("w") as given, (tmp_path / "kept").open("w") as kept:
        source = f"""
import os, time
def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
print("open:", is_open({given.fileno()}), is_open({kept.fileno()}), flush=True)
time.sleep(600)
"""
        tree = tree_of(source, ready=log_line(r"open: (.*)"), pass_fds=(given.fileno(),))

        async with tree.open() as live:
            assert live["child"].get() == "True False"


async def test_files_that_the_child_makes_are_as_private_as_it_is_told(tree_of, tmp_path):
    source = f"open({str(tmp_path / 'made')!r}, 'w').close()\nprint('made', flush=True)\n{SLEEP}"

    async with tree_of(source, ready=log_line("made"), umask=0o077).open():
        assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600


async def test_child_leads_no_group_of_its_own_and_ignores_no_signals(tree_of):
    source = f"""
import os, signal
print(os.getpgid(0) != os.getpid(), signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, flush=True)
{SLEEP}
"""
    async with tree_of(source, ready=log_line(".+")).open() as live:
        assert live["child"].get() == "True True"


async def test_start_timeout_ends_the_child(tree_of):
    tree = tree_of(SLEEP, ready=log_line("never"), options={"start_timeout": 0.5})

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            pass

    assert isinstance(caught.value.exceptions[0], StartTimeoutError)


async def test_probe_that_raises_is_the_failure(tree_of):
    async def bad(child):
        raise ValueError(f"no such thing as {len(child.argv)} arguments")

    with pytest.raises(TreeFailed) as caught:
        async with tree_of(SLEEP, ready=bad).open():
            pass

    assert str(caught.value.exceptions[0]) == "no such thing as 3 arguments"


async def test_line_callback_that_raises_is_the_failure(tree_of):
    def bad(line):
        raise ValueError(f"cannot read {line!r}")

    with pytest.raises(TreeFailed) as caught:
        async with tree_of(f"print('hello', flush=True)\n{SLEEP}", ready=log_line("never"), on_line=bad).open():
            pass

    assert str(caught.value.exceptions[0]) == "cannot read 'hello'"


@pytest.mark.parametrize("after_s", [0, 0.001, 0.003, 0.006, 0.01, 0.03])
async def test_start_that_is_cancelled_at_any_time_leaves_no_process(tree_of, after_s):
    before = psutil.Process().children()
    with trio.move_on_after(after_s):
        async with tree_of(SLEEP, ready=log_line("never")).open():
            raise AssertionError("never ready")

    assert psutil.Process().children() == before


async def test_two_children_live_in_groups_of_their_own(tree_of):
    tree = Tree("t")
    for name in ("one", "two"):

        @tree.actor(name=name)
        async def child(ctx):
            source = f"import os\nprint('group', os.getpgid(0), flush=True)\n{SLEEP}"
            await ctx.process(python(source), ready=log_line(r"group (\d+)"))

    async with tree.open() as live:
        groups = {live[name].get() for name in ("one", "two")}
        await live.restart("one")
        groups.add(live["one"].get())

    assert len(groups) == 3


async def test_term_is_sent_to_the_whole_group(tree_of, tmp_path):
    helper = f"""
import signal, sys, pathlib
def bye(*_):
    pathlib.Path({str(tmp_path / "helper")!r}).write_text("term")
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print("ready", flush=True)
signal.pause()
"""
    source = f"""
import signal, subprocess, sys
helper = subprocess.Popen([sys.executable, "-c", {helper!r}])
signal.signal(signal.SIGTERM, lambda *_: None)
helper.wait()
"""
    async with tree_of(source, ready=log_line("ready"), options={"grace": 5}).open():
        pass

    assert (tmp_path / "helper").read_text() == "term"
