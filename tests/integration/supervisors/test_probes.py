"""Probes of real children: ready over HTTP or by a command, and asked after their health from then on."""

import sys

import psutil
import pytest
import trio

from supervisors import Backoff, StartTimeoutError, State, Tree, TreeFailed, log_line, tcp
from supervisors.errors import ProbeError
from supervisors.processes.command_probe import command
from supervisors.processes.http_probe import http
from supervisors.processes.probes import Polling

pytestmark = pytest.mark.slow

SLEEP = "import time\ntime.sleep(600)"

# Answers with the status that stands in a file, or hangs when the file is empty; tells its port in a line.
SERVER = """
import http.server, pathlib, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = pathlib.Path(sys.argv[1]).read_text()
        if not status:
            time.sleep(600)
        self.send_response(int(status))
        self.end_headers()
        self.wfile.write(b"body")

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_port, flush=True)
server.serve_forever()
"""


def python(source: str, *args: object) -> list[str]:
    return [sys.executable, "-c", source, *map(str, args)]


@pytest.fixture
def status(tmp_path):
    """Return the file with the status that the server answers with."""
    path = tmp_path / "status"
    path.write_text("200")
    return path


def at_its_port(make):
    """Return a probe for a port that the child tells in a line."""

    async def probe(child):
        port = await log_line(r"port (\d+)")(child)
        return await make(int(port))(child)

    return probe


def health_of(make):
    """Return a question after the health of a child that has told its port in a line."""

    async def ask(child):
        return await make(int(await log_line(r"port (\d+)")(child))).attempt(child)

    return Polling(what="health", ask=ask)


@pytest.fixture
def reached():
    """Return an observer of events, with an event to wait for each state in each generation."""

    class Reached(dict):
        def __missing__(self, key):
            return self.setdefault(key, trio.Event())

        def __call__(self, event):
            self[event.generation, event.to_state].set()

    return Reached()


async def test_child_is_ready_once_it_answers_over_http(status):
    tree = Tree("t")

    @tree.actor
    async def server(ctx):
        await ctx.process(python(SERVER, status), ready=at_its_port(lambda port: http(port, "/health", successes=2)))

    async with tree.open() as live:
        assert live[server].get().startswith("http://127.0.0.1:")


async def test_child_that_answers_with_errors_is_not_ready_and_the_failure_says_so(status):
    status.write_text("503")
    tree = Tree("t")

    @tree.actor(start_timeout=2)
    async def server(ctx):
        await ctx.process(python(SERVER, status), ready=at_its_port(lambda port: http(port, "/health")))

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            raise AssertionError("never ready")

    (error,) = caught.value.exceptions
    assert isinstance(error, StartTimeoutError)
    assert "/health: answered with status 503" in str(error)


async def test_child_that_is_not_ready_in_time_is_quoted_in_the_failure():
    tree = Tree("t")

    @tree.actor(start_timeout=1)
    async def child(ctx):
        await ctx.process(python(f"print('migrating table 3', flush=True)\n{SLEEP}"), ready=log_line("listening"))

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            raise AssertionError("never ready")

    (error,) = caught.value.exceptions
    assert "no line has matched 'listening'" in str(error)
    assert "migrating table 3" in str(error)


async def test_child_is_ready_once_a_command_says_so(tmp_path):
    tree = Tree("t")
    check = f"import pathlib\nprint('found', pathlib.Path({str(tmp_path / 'made')!r}).read_text())"

    @tree.actor
    async def child(ctx):
        source = f"import pathlib, time\npathlib.Path({str(tmp_path / 'made')!r}).write_text('it')\n{SLEEP}"
        await ctx.process(python(source), ready=command(python(check)))

    async with tree.open() as live:
        assert live[child].get() == "found it"


async def test_command_runs_in_the_folder_and_environment_that_it_is_given(tmp_path):
    tree = Tree("t")
    check = "import os\nprint(os.environ.get('COLOR'), 'HOME' in os.environ, os.getcwd())"

    @tree.actor
    async def child(ctx):
        await ctx.process(python(SLEEP), ready=command(python(check), env={"COLOR": "blue"}, cwd=tmp_path))

    async with tree.open() as live:
        assert live[child].get() == f"blue False {tmp_path}"


async def test_command_that_never_says_yes_is_quoted_in_the_failure():
    tree = Tree("t")

    @tree.actor(start_timeout=2)
    async def child(ctx):
        await ctx.process(python(SLEEP), ready=command(["sh", "-c", "echo no leader yet; exit 3"]))

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            raise AssertionError("never ready")

    (error,) = caught.value.exceptions
    assert isinstance(error, StartTimeoutError)
    assert "command 'sh' exited with status 3" in str(error)
    assert "no leader yet" in str(error)


async def test_command_that_does_not_exist_is_a_failure_at_once():
    tree = Tree("t")

    @tree.actor
    async def child(ctx):
        await ctx.process(python(SLEEP), ready=command(["/does/not/exist"]))

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            raise AssertionError("never ready")

    assert isinstance(caught.value.exceptions[0], FileNotFoundError)


# Starts a helper in the background, says who is there, and hangs; TERM has no effect on either.
HANG = "trap '' TERM; sleep 600 & echo pids $$ $!; wait; sleep 600"


def pids_in(text: str) -> list[psutil.Process]:
    """Return the processes that the hanging command has told of."""
    _, _, rest = text.partition("pids ")
    return [process for process in psutil.process_iter() if str(process.pid) in rest.split()[:2]]


@pytest.mark.parametrize(
    ("start_timeout", "patience", "said"), [(30, 1, "did not end within 1 s"), (1, 30, "was still running")]
)
async def test_command_that_hangs_is_killed_with_its_helpers_and_quoted(start_timeout, patience, said, wait_gone):
    failures = []
    tree = Tree("t")
    probe = command(["sh", "-c", HANG], timeout=patience)

    async def once(child):
        try:
            return await probe.attempt(child)
        except ProbeError as failure:
            failures.append(str(failure))
            raise
        except BaseException:  # cancelled
            failures.append(child.why_not_ready)
            raise

    @tree.actor(start_timeout=start_timeout)
    async def child(ctx):
        await ctx.process(python(SLEEP), ready=once)

    with pytest.raises(TreeFailed):
        async with tree.open():
            raise AssertionError("never ready")

    (failure,) = failures
    assert said in failure
    assert "pids" in failure
    assert await wait_gone(pids_in(failure))


async def test_command_that_leaves_a_helper_behind_ends_all_the_same(wait_gone):
    tree = Tree("t")

    @tree.actor
    async def child(ctx):
        await ctx.process(python(SLEEP), ready=command(["sh", "-c", "sleep 600 & echo $!"]))

    async with tree.open() as live:
        pid = int(live[child].get())
        assert not psutil.pid_exists(pid) or await wait_gone([psutil.Process(pid)])


async def test_child_that_gets_unwell_is_degraded_then_restarted(status, reached):
    tree = Tree("t")

    @tree.actor(backoff=Backoff(0.01, 0.01))
    async def server(ctx):
        probe = at_its_port(tcp)
        await ctx.process(python(SERVER, status), ready=probe, alive=health_of(http), every=0.05, fails=3)

    async with tree.open(on_event=reached) as live:
        status.write_text("500")
        await reached[1, State.DEGRADED].wait()
        await reached[1, State.FAILED].wait()
        status.write_text("200")
        await reached[2, State.READY].wait()
        reasons = [str(event.reason) for event in live.events() if event.to_state is State.DEGRADED]

    assert "answered with status 500" in reasons[0]


async def test_child_that_recovers_in_time_is_left_alone(status, reached):
    tree = Tree("t")
    recovered = trio.Event()

    def watch(event):
        reached(event)
        if event.from_state is State.DEGRADED and event.to_state is State.READY:
            recovered.set()

    @tree.actor
    async def server(ctx):
        probe = at_its_port(tcp)
        await ctx.process(python(SERVER, status), ready=probe, alive=health_of(http), every=0.05, fails=1_000)

    async with tree.open(on_event=watch) as live:
        status.write_text("500")
        await reached[1, State.DEGRADED].wait()
        status.write_text("200")
        await recovered.wait()

        assert {event.generation for event in live.events() if event.generation} == {1}


async def test_child_that_hangs_is_found_out_by_its_health_check(status, reached):
    tree = Tree("t")

    @tree.actor(backoff=Backoff(0.01, 0.01))
    async def server(ctx):
        health = health_of(lambda port: http(port, timeout=0.3))
        await ctx.process(python(SERVER, status), ready=at_its_port(tcp), alive=health, every=0.05, fails=2)

    async with tree.open(on_event=reached):
        status.write_text("")
        await reached[1, State.FAILED].wait()
        status.write_text("200")
        await reached[2, State.READY].wait()


async def test_stop_breaks_off_a_health_check_under_way(tmp_path):
    asked = tmp_path / "asked"
    tree = Tree("t", shutdown=20)

    @tree.actor(grace=15)
    async def child(ctx):
        probe = command(["sh", "-c", f"touch {asked}; sleep 600"], timeout=600)
        await ctx.process(python(SLEEP), alive=probe, every=0.01)

    before = trio.current_time()
    async with tree.open():
        while not asked.exists():  # noqa: ASYNC110 - a file tells nobody that it was made
            await trio.sleep(0.01)
    took = trio.current_time() - before

    assert took < 14
