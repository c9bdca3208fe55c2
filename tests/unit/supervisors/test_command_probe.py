"""The command probe: which exits are a yes, and what is said about the others."""

import pytest
import trio
from trio.testing import memory_stream_one_way_pair

from supervisors.errors import ProbeError
from supervisors.processes.command_probe import command


class Child:
    """Stands in for a child: runs no command, but acts as one would that writes this and exits so."""

    def __init__(self, status: int | None, written: bytes = b"", error: OSError | None = None) -> None:
        self.why_not_ready = ""
        self.calls = []
        self._status, self._written, self._error = status, written, error

    async def run(self, argv, output, *, env=None, cwd=None) -> int:
        self.calls.append((argv, env, cwd))
        if self._error is not None:
            raise self._error
        writer, reader = memory_stream_one_way_pair()
        await writer.send_all(self._written)
        await writer.aclose()
        await output.drain(reader)
        if self._status is None:
            async with trio.open_nursery() as nursery:  # cancelled, it raises a group
                nursery.start_soon(trio.sleep_forever)
                await trio.sleep_forever()
        return self._status


async def test_exit_with_zero_is_a_yes_whose_value_is_the_output(tmp_path):
    child = Child(0, b"\n5432 ready\n")

    assert await command(["check", tmp_path], env={"A": "1"}, cwd="/").attempt(child) == "5432 ready"
    assert child.calls == [(("check", str(tmp_path)), {"A": "1"}, "/")]


@pytest.mark.parametrize(
    ("status", "written", "said"),
    [
        (3, b"no leader\n", "command 'check' exited with status 3; its last output:\nno leader"),
        (-9, b"", "command 'check' was killed by signal 9; it wrote nothing"),
    ],
)
async def test_any_other_end_is_a_no_that_quotes_the_output(status, written, said):
    with pytest.raises(ProbeError) as caught:
        await command(["check"]).attempt(Child(status, written))

    assert str(caught.value) == said


async def test_command_that_takes_too_long_is_a_no_that_quotes_the_output(autojump_clock):
    with pytest.raises(ProbeError, match=r"'check' did not end within 4 s; its last output:\nasking"):
        await command(["check"], timeout=4).attempt(Child(None, b"asking\n"))


async def test_command_that_is_cancelled_leaves_its_output_for_whoever_gives_up_waiting(autojump_clock):
    child = Child(None, b"asking\n")

    with trio.move_on_after(2):
        await command(["check"]).attempt(child)

    assert child.why_not_ready == "command 'check' was still running; its last output:\nasking"


async def test_earlier_failure_says_more_than_a_command_that_is_cancelled(autojump_clock):
    child = Child(None, b"asking\n")
    child.why_not_ready = "no leader"

    with trio.move_on_after(2):
        await command(["check"]).attempt(child)

    assert child.why_not_ready == "no leader"


async def test_command_that_cannot_be_started_is_no_answer():
    child = Child(0, error=FileNotFoundError("no such file"))

    with pytest.raises(FileNotFoundError):
        await command(["check"]).attempt(child)

    assert child.why_not_ready == ""


def test_empty_command_is_refused():
    with pytest.raises(ValueError, match="empty"):
        command([])
