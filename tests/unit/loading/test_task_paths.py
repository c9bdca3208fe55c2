"""What templates and expressions read of tasks: what cannot be there is told, anything else is let through."""

import pytest


def workflow(template, *, in_outputs=False, expression="true"):
    """Return the text of a workflow with every container; its template or expression, in line 22, reads tasks."""
    own = f"'{template}'" if in_outputs else "x"
    after = "x" if in_outputs else f"'{template}'"
    return f"""\
        id: w
        tasks:
          - {{id: plain, tool: do, on_success: {{next: both}}}}
          - id: both
            type: parallel
            tasks:
              - {{id: left, tool: do}}
              - id: right
                type: composite
                tasks: [{{id: one, tool: do}}, {{id: two, tool: do}}]
            outputs: {{x: {own}}}
            on_success: {{next: each}}
          - id: each
            type: collection
            items: [1]
            task: {{id: 'row-{{{{ .index }}}}', type: parallel, tasks: [{{id: cell, tool: do}}]}}
            on_success: {{next: hold}}
          - id: hold
            type: wait
            wait_for: go
            processor: {{id: look, tool: do}}
            on_success: {{next: last}}
          - {{id: last, tool: do, with: {{x: {after}}}, condition: '{expression}'}}
        """


@pytest.mark.parametrize(
    "template",
    [
        "{{ .tasks.plain.output.anything.at.all }} {{ .tasks.plain.status }} {{ .tasks.plain.error.code }}",
        "{{ .tasks.plain.input.x }} {{ .tasks.plain }}",
        "{{ .tasks.both.output.left.output.anything }} {{ .tasks.both.output }} {{ .tasks.both.children }}",
        "{{ .tasks.both.output.output.x }} {{ .tasks.both.output.skipped }}",
        "{{ .tasks.both.children.left.error.code }} {{ .tasks.both.children.left.output.x.y }}",
        "{{ .tasks.both.output.right.output.one.output.x }} {{ .tasks.both.output.right.output.output }}",
        "{{ .tasks.both.children.right.children.one.input }} {{ .tasks.both.children.right.output.two.output }}",
        "{{ .tasks.each.children.anything.output.cell.output }} {{ .tasks.each.output.anything.output.cell.output.x }}",
        "{{ range $id, $task := .tasks.both.children }}{{ $task.anything }}{{ end }}",
        "{{ with .tasks.both.children }}{{ .left.output }}{{ end }}",
        "{{ .tasks.hold.output.processor_output }}",
    ],
)
def test_paths_that_may_lead_somewhere_are_let_through(problems_of, template):
    assert problems_of(workflow(template)) == []


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "{{ .tasks.plain.outptu.x }}",
            (
                "reads 'outptu' of the task 'plain', which no task has "
                "(did you mean 'output'? known: error, input, output, status)"
            ),
        ),
        (
            "{{ .tasks.plain.children.x }}",
            "reads 'children' of 'plain', which has no tasks in it (write output)",
        ),
        (
            "{{ .tasks.both.output.x }}",
            "reads 'x' of the output of 'both', which has it further in (write output.output.x)",
        ),
        ("{{ .tasks.both.left.output }}", "reads 'left' of the task 'both' (write children.left)"),
        (
            "{{ .tasks.both.children.lfet.output }}",
            "names the task 'lfet', which is not in 'both' (did you mean 'left'? known: left, right)",
        ),
        (
            "{{ .tasks.both.output.lfet.output }}",
            "names the task 'lfet', which is not in 'both' (did you mean 'left'? known: left, output, right)",
        ),
        (
            "{{ .tasks.both.output.left.status }}",
            (
                "reads 'status' of the output of 'both', which has only the output of 'left' "
                "(write .tasks.both.children.left.status)"
            ),
        ),
        (
            "{{ .tasks.both.output.left.total }}",
            (
                "reads 'total' of the output of 'both', which has only the output of 'left' "
                "(write output.left.output.total)"
            ),
        ),
        (
            "{{ .tasks.both.children.right.children.tow }}",
            "names the task 'tow', which is not in 'right' (did you mean 'two'? known: one, two)",
        ),
        (
            "{{ .tasks.both.output.right.output.tow.output }}",
            "names the task 'tow', which is not in 'right' (did you mean 'two'? known: one, two)",
        ),
        (
            "{{ .tasks.each.children.any.children.cel }}",
            "names the task 'cel', which is not in 'row-{{ .index }}' (did you mean 'cell'? known: cell)",
        ),
        (
            "{{ .tasks.two.output }}",
            (
                "names the task 'two', which is inside 'right' "
                "(write .tasks.both.output.right.output.two.output, or .children.two in its own outputs)"
            ),
        ),
        (
            "{{ .tasks.cell.output }}",
            (
                "names the task 'cell', which is inside 'row-{{ .index }}' "
                "(write .tasks.each.output.ID.output.cell.output, or .children.cell in its own outputs)"
            ),
        ),
        (
            "{{ .tasks.look.output }}",
            (
                "names the task 'look', which is the processor of 'hold' "
                "(write .tasks.hold.output.processor_output, or .processor.output in its condition)"
            ),
        ),
    ],
)
def test_paths_that_lead_nowhere_are_told_with_the_one_meant(problems_of, template, message):
    assert problems_of(workflow(template)) == [f"w.yaml:23: tasks[4].with.x: the template {message}"]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('tasks.both.children.left.status == "x"', None),
        ("size(tasks.both.children) > 1 && has(tasks.both.output.left)", None),
        (
            'tasks.both.children.lfet.status == "x"',
            "names the task 'lfet', which is not in 'both' (did you mean 'left'? known: left, right)",
        ),
        ('tasks["both"].left.output.x == 1', "reads 'left' of the task 'both' (write children.left)"),
    ],
)
def test_expressions_are_told_the_same(problems_of, expression, message):
    expected = [] if message is None else [f"w.yaml:23: tasks[4].condition: the expression {message}"]

    assert problems_of(workflow("x", expression=expression)) == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ .children.left.output.x }} {{ .children.right.children.two.output }} {{ .children }}", None),
        ("{{ .output.outputs.left.x }} {{ .output.outputs.right.two.output }} {{ .output }}", None),
        ("{{ .output.progress_info.total_children }} {{ toJson .output.progress_info }}", None),
        (
            "{{ .children.lfet.output }}",
            "names the task 'lfet', which is not in 'both' (did you mean 'left'? known: left, right)",
        ),
        (
            "{{ .output.outputs.lfet.x }}",
            "names the task 'lfet', which is not in 'both' (did you mean 'left'? known: left, right)",
        ),
        (
            "{{ .output.left.output }}",
            "reads 'left' of .output, which has the outputs of the tasks in 'both' (write .children.left.output)",
        ),
        (
            "{{ .output.progress_info.total_child }}",
            (
                "reads 'total_child' of the progress of 'both' (did you mean 'total_children'? known: canceled_count, "
                "completion_rate, failed_count, failure_rate, overall_status, success_count, timed_out_count, "
                "total_children)"
            ),
        ),
        ("{{ .tasks.left.output }}", "names the task 'left', which is inside 'both' (write .children.left.output)"),
    ],
)
def test_the_outputs_of_a_container_read_what_is_in_it(problems_of, template, message):
    expected = [] if message is None else [f"w.yaml:11: tasks[1].outputs.x: the template {message}"]

    assert problems_of(workflow(template, in_outputs=True)) == expected


@pytest.mark.parametrize(
    ("kind", "at", "names", "message"),
    [
        ("parallel", 0, "b", "which runs at the same time (it can be read after 'all'; "),
        ("parallel", 0, "b1", "which is inside 'b' (it can be read after 'all'; "),
        ("parallel", 0, "a", "which is the task itself (only what follows 'a' sees it; its own outputs see .output)"),
        ("composite", 0, "b", "which runs after it (the tasks of 'all' run in their order: put it before)"),
        ("composite", 2, "b1", "which is inside 'b' (write .tasks.b.output.b1.output, or .children.b1 in its own "),
        ("composite", 1, "b1", "which is inside 'b' (only what follows 'b' sees it; its own outputs see .output and "),
    ],
)
def test_a_task_in_a_container_is_told_why_it_does_not_see_another(problems_of, kind, at, names, message):
    tasks = ["id: a, tool: do", "id: b, type: parallel, tasks: [{id: b1, tool: do}]", "id: c, tool: do"]
    tasks[at] += f", with: {{x: '{{{{ .tasks.{names}.output }}}}'}}"
    listed = ", ".join(f"{{{task}}}" for task in tasks)

    (line,) = problems_of(f"id: w\ntasks:\n  - {{id: all, type: {kind}, tasks: [{listed}]}}\n")

    start = f"w.yaml:3: tasks[0].tasks[{at}].with.x: the template names the task '{names}', "
    assert line.startswith(f"{start}{message}")
