"""A server that is killed when it is ready and the rest of the program is not: the first boot fails, and says why."""

import textwrap

import psutil
import pytest
import trio

from compozy.app import Options, open_runtime
from compozy.domain.errors import UnavailableError

FILES = {
    "compozy.yaml": """
        name: test
        mode: standalone
        workflows: [{source: workflow.yaml}]
        tools: [{id: say}]
        runtime: {entrypoint: tools.py}
    """,
    "workflow.yaml": """
        id: greet
        tasks: [{id: say, tool: say}]
        outputs: {said: "{{ .tasks.say.output.said }}"}
    """,
    # The worker imports it when the server is ready, and before it is ready itself.
    "tools.py": """
        import time
        from pathlib import Path

        import psutil

        killed = Path(__file__).with_name("killed")
        if not killed.exists():
            database = str(Path(__file__).parent / ".compozy" / "temporal.db")
            [server] = [child for child in psutil.Process().children() if database in child.cmdline()]
            killed.write_text(str(server.pid))
            server.kill()
            while psutil.pid_exists(server.pid):  # until whoever has started it has noticed
                time.sleep(0.001)


        def say(_input):
            return {"said": "hello"}
    """,
}


@pytest.mark.slow
async def test_the_program_ends_with_what_to_do_and_its_next_start_works(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(textwrap.dedent(text))
    options = Options(path=tmp_path, environ={})
    said = r"^temporal was killed by signal 9: find out by whom .*; executions go on when it is started again\n"
    with trio.fail_after(30):
        with pytest.raises(UnavailableError, match=said):
            async with open_runtime(options):
                raise AssertionError
        async with open_runtime(options) as app:
            outputs = await app.run("greet")

    assert outputs == {"said": "hello"}
    assert not psutil.pid_exists(int((tmp_path / "killed").read_text()))
