"""How many tasks one process carries out at a time."""

import textwrap

import pytest
import trio

from compozy.app import Options, open_runtime

FILES = {
    "compozy.yaml": """
        name: test
        mode: standalone
        workflows: [{source: workflow.yaml}]
        tools: [{id: stay}]
        runtime: {entrypoint: tools.py}
    """,
    "workflow.yaml": """
        id: crowd
        tasks:
          - {id: stay, tool: stay}
        outputs: {met: "{{ .tasks.stay.output.met }}"}
    """,
    "tools.py": """
        import trio

        inside = []
        met = trio.Event()


        async def stay(_input):
            inside.append(None)
            if len(inside) > 1:
                met.set()
            with trio.move_on_after(0.2):
                await met.wait()
            inside.pop()
            return {"met": met.is_set()}
    """,
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(textwrap.dedent(text))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("concurrency", "is_met"), [("1", False), ("2", True)])
async def test_no_more_tools_run_at_a_time_than_the_setting_says(project, concurrency, is_met):
    outputs = []

    async def run(app):
        outputs.append(await app.run("crowd"))

    with trio.fail_after(30):
        options = Options(path=project, environ={"WORKER_CONCURRENCY": concurrency})
        async with open_runtime(options) as app, trio.open_nursery() as nursery:
            nursery.start_soon(run, app)
            nursery.start_soon(run, app)

    assert [output["met"] for output in outputs] == [is_met, is_met]
