"""The workflows of the README and of the how-to guides come to what is said there."""

import json
import re
import shlex

import attrs
import pytest
import trio

from compozy.app import Options, open_runtime
from compozy.cli.assignments import parse_assignments
from compozy.config.yaml_files import parse_yaml
from compozy.contracts.store import WorkflowFilter

PATIENCE_S = 40
WHOLE_S = 100
"""Less than the limit of all tests, which would end this process and leave what the runtime has started."""

GUIDES = {
    "../README": None,
    "how-to/agents-offline": None,
    "how-to/choose-a-way": None,
    "how-to/handle-errors": 1,  # the second shows another way to write the first
    "how-to/memory": None,
    "how-to/run-tasks-in-parallel": None,
    "how-to/use-built-in-tools": None,
    "how-to/work-through-lists": None,
}
"""Those that show workflows, their tools, commands that run them, and what these print.

For each, how many of its blocks in Python are tools of its workflows; None means all.
"""

_RUN = re.compile(r"^\$ (compozy run [^\n]*)\n(\{.*?^\})$", re.MULTILINE | re.DOTALL)


@attrs.frozen
class Shown:
    """A command that a guide shows, and what it prints."""

    workflow_id: str
    input: dict
    output: dict


def runs_in(page):
    for block in page.blocks("console"):
        for command, printed in _RUN.findall(block):
            _, _, workflow_id, *rest = shlex.split(command)
            given = [rest[place + 1] for place, word in enumerate(rest) if word == "-i"]
            yield Shown(workflow_id, parse_assignments(given), json.loads(printed))


def write_project(folder, pages):
    """Write what the guides show as one project; what they show in part is left out."""
    (folder / "workflows").mkdir()
    (folder / "notes").mkdir()  # what a guide lets the built-in tools write into
    runtime = {"entrypoint": "tools.py"}
    shared = {name: [] for name in ("models", "agents", "memories")}
    for page in pages:
        for block in page.blocks("yaml"):
            shown = parse_yaml(block.encode(), file=page.name).data
            runtime |= shown.get("runtime", {})
            if "name" in shown:
                for name, found in shared.items():
                    found += [each for each in shown.get(name, []) if each not in found]
            if {"id", "tasks"} <= shown.keys():
                (folder / "workflows" / f"{shown['id']}.yaml").write_text(block)
    tools = [
        block for page, count in zip(pages, GUIDES.values(), strict=True) for block in page.blocks("python")[:count]
    ]
    (folder / "tools.py").write_text("\n".join(tools))
    project = {
        "name": "guides",
        "mode": "standalone",
        "workflows": [{"source": "workflows/*.yaml"}],
        "runtime": runtime,
        **shared,
    }
    (folder / "compozy.yaml").write_text(json.dumps(project))


async def printed_by(app, run):
    """Return what the command prints, or fail with how far it came: each takes a second or two."""
    with trio.move_on_after(PATIENCE_S):
        return await app.run(run.workflow_id, run.input)
    page = await app.executions.list(WorkflowFilter(workflow_id=run.workflow_id), limit=1)
    found = [await app.executions.get(state.exec_id) for state in page.items]
    tasks = [(task.task_id, task.status.value, task.attempt) for each in found for task in each.tasks]
    return pytest.fail(f"no end within {PATIENCE_S} s: {[each.workflow.status.value for each in found]} {tasks}")


@pytest.mark.slow
async def test_commands_of_the_guides_print_what_is_shown(guide, tmp_path, subtests):
    pages = [guide(name) for name in GUIDES]
    write_project(tmp_path, pages)
    shown = [run for page in pages for run in runs_in(page)]

    with trio.fail_after(WHOLE_S):
        async with open_runtime(Options(path=tmp_path, environ={})) as app:
            for run in shown:
                with subtests.test(f"{run.workflow_id} {run.input}"):
                    printed = await printed_by(app, run)

                    assert json.dumps(printed, indent=2) == json.dumps(run.output, indent=2)  # also in this order

    assert {run.workflow_id for run in shown} == set(app.project.workflows)
